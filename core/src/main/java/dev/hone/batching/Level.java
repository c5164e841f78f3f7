package dev.hone.batching;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of one priority, shared fairly between tenants.
 *
 * <p>Start-time fair queueing (Goyal, Vin and Cheng, 1996): a tenant has a virtual time that grows
 * with the cost of what it got, divided by its share; the one with the least is next. A tenant that
 * begins to wait starts at the virtual time of who was next last, so being idle earns no credit;
 * not at that of others whose calls filled the same batch, which may be ahead. They are so for room
 * that nobody else wanted, and so not by more than a second or a hundred such calls: when others
 * want all the room, that is how long they wait at most.
 */
final class Level {
  private static final int MOST_IDLE_TENANTS = 1024;

  /** A tenant asks for far less than another if that asks for so many times as much. */
  private static final double FAR_LESS = 4;

  private static final double MOST_AHEAD_NANOS = 1e9;
  private static final double MOST_AHEAD_CALLS = 100;

  final double weight;
  double virtualTime;
  int size;
  private final Map<String, Double> shares;
  private final Map<String, TenantQueue> tenants = new HashMap<>();
  private final List<TenantQueue> active = new ArrayList<>();
  private double servedTime; // of the tenant that was next last

  Level(double weight, Map<String, Double> shares) {
    this.weight = weight;
    this.shares = shares;
  }

  void add(Request request) {
    TenantQueue tenant = tenants.get(request.options.tenant());
    if (tenant == null) {
      if (tenants.size() > MOST_IDLE_TENANTS + active.size()) {
        tenants.values().removeIf(TenantQueue::isEmpty);
      }
      tenant = new TenantQueue(shares.getOrDefault(request.options.tenant(), 1.0));
      tenants.put(request.options.tenant(), tenant);
    }
    if (tenant.isEmpty()) {
      tenant.virtualTime = Math.max(tenant.virtualTime, servedTime);
      active.add(tenant);
    }
    tenant.add(request);
    size++;
  }

  void remove(Request request) {
    TenantQueue tenant = queueOf(request);
    tenant.remove(request);
    size--;
    if (tenant.isEmpty()) {
      active.remove(tenant);
    }
  }

  private TenantQueue queueOf(Request request) {
    TenantQueue tenant = tenants.get(request.options.tenant());
    if (tenant == null) {
      throw new AssertionError("a waiting request has a tenant");
    }
    return tenant;
  }

  /**
   * The oldest request of the tenant that got least, or null if none waits; or that of a tenant of
   * which it has been passed by too many others.
   */
  @Nullable Request first() {
    TenantQueue least = null;
    for (TenantQueue tenant : active) {
      if (tenant.isPassed()) {
        return tenant.head();
      }
      if (least == null || tenant.virtualTime < least.virtualTime) {
        least = tenant;
      }
    }
    return least == null ? null : least.head();
  }

  /** The oldest request, or null if none waits. */
  @Nullable Request oldest() {
    Request oldest = null;
    for (TenantQueue tenant : active) {
      Request head = tenant.head();
      if (head != null && (oldest == null || head.submittedNanos - oldest.submittedNanos < 0)) {
        oldest = head;
      }
    }
    return oldest;
  }

  /** Begins to choose requests that could be shed, which all stay where they are. */
  void startShedding(boolean fromOldest) {
    for (TenantQueue tenant : active) {
      tenant.startShedding(fromOldest);
    }
  }

  /**
   * The next one of the tenant that asks for most, for its share, without those chosen before; or
   * null. See {@link #startShedding}.
   */
  @Nullable Request nextOfGreediest() {
    return nextOfGreedier(-1, null);
  }

  /**
   * The same if that tenant asks for more than the tenant of {@code newer} will with it, and is
   * another one; or null.
   */
  @Nullable Request nextOfGreedier(Request newer) {
    TenantQueue own = tenants.get(newer.options.tenant());
    double share = shares.getOrDefault(newer.options.tenant(), 1.0);
    return nextOfGreedier((own == null ? 0 : own.demand()) + newer.costNanos / share, own);
  }

  private @Nullable Request nextOfGreedier(double demand, @Nullable TenantQueue exempt) {
    double most = demand;
    TenantQueue greediest = null;
    for (TenantQueue tenant : active) {
      if (tenant != exempt && tenant.hasToShed() && tenant.demandLeft() > most) {
        greediest = tenant;
        most = tenant.demandLeft();
      }
    }
    return greediest == null ? null : greediest.nextToShed();
  }

  /** Whether calls of more than one tenant have come. */
  boolean hasTenants() {
    return tenants.size() > 1;
  }

  /** Whether another tenant asks for far more than the tenant of this request, for its share. */
  boolean asksForLess(Request request) {
    double own = queueOf(request).demand();
    for (TenantQueue tenant : active) {
      if (tenant.demand() > FAR_LESS * own) {
        return true;
      }
    }
    return false;
  }

  /** The {@linkplain #first first} is served, and perhaps others with it. */
  void serve(Request first) {
    TenantQueue tenant = queueOf(first);
    if (!tenant.isPassed()) { // else others may have got less
      servedTime = Math.max(servedTime, tenant.virtualTime);
    }
  }

  /** A request was served at this cost, in the batch of this number. */
  void charge(Request request, double costNanos, long batch) {
    TenantQueue tenant = queueOf(request);
    double ahead = Math.max(MOST_AHEAD_NANOS, MOST_AHEAD_CALLS * costNanos / tenant.share);
    tenant.charge(request, costNanos, batch, servedTime + ahead);
  }

  /** How long until one of those that wait must run to be done by its deadline. */
  long slackNanos(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (TenantQueue tenant : active) {
      for (Request request = tenant.head(); request != null; request = request.next) {
        if (request.hasDeadline() && request.isLive()) {
          least = Math.min(least, request.deadlineNanos() - nowNanos - request.costNanos);
        }
      }
    }
    return least;
  }

  void startWindow() {
    active.forEach(TenantQueue::startCursor);
  }

  /** The next request in fair order, or null at the end; see {@link #startWindow}. */
  @Nullable Request nextInWindow() {
    TenantQueue least = null;
    for (TenantQueue tenant : active) {
      if (tenant.cursor != null && (least == null || tenant.tentativeTime < least.tentativeTime)) {
        least = tenant;
      }
    }
    if (least == null || least.cursor == null) {
      return null;
    }
    Request request = least.cursor;
    least.cursor = request.next;
    least.tentativeTime += request.costNanos / least.share;
    return request;
  }
}
