package dev.hone.batching;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
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

  /** So long after its last call a tenant is reckoned with, for it may call again. */
  private static final long LATELY_NANOS = 60_000_000_000L;

  private static final double MOST_AHEAD_NANOS = 1e9;
  private static final double MOST_AHEAD_CALLS = 100;

  final double weight;
  double virtualTime;
  int size;
  private final Map<String, Double> shares;
  private final Map<String, TenantQueue> tenants = new HashMap<>();
  private final Ranking turns = new Ranking(); // of who waits, by virtual times
  private final Ranking demands = new Ranking(); // of who waits, the largest demand first
  private final Set<TenantQueue> passed = new LinkedHashSet<>();
  private final List<TenantQueue> visited = new ArrayList<>();
  private final List<TenantQueue> sheddingFrom = new ArrayList<>();
  private boolean shedsOldest;
  private double servedTime; // of the tenant that was next last
  private @Nullable String lastTenant; // whose call came last
  private long severalNanos; // when a call of another tenant came than the one before it
  private boolean severalCame; // whether one ever did

  Level(double weight, Map<String, Double> shares) {
    this.weight = weight;
    this.shares = shares;
  }

  void add(Request request) {
    String name = request.options.tenant();
    TenantQueue tenant = tenants.get(name);
    if (tenant == null) {
      if (tenants.size() > MOST_IDLE_TENANTS + turns.size()) {
        tenants.values().removeIf(TenantQueue::isEmpty);
      }
      tenant = new TenantQueue(shares.getOrDefault(name, 1.0));
      tenants.put(name, tenant);
    }
    if (tenant.isEmpty()) {
      tenant.virtualTime = Math.max(tenant.virtualTime, servedTime);
      turns.add(tenant.turn, tenant.virtualTime);
      try {
        demands.add(tenant.claim, 0);
      } catch (Error e) { // no memory; a tenant that waits for nothing has no turn
        turns.remove(tenant.turn);
        throw e;
      }
    }
    tenant.add(request);
    demands.move(tenant.claim, -tenant.demand());
    size++;
    if (lastTenant != null && !lastTenant.equals(name)) {
      severalCame = true;
      severalNanos = request.submittedNanos;
    }
    lastTenant = name;
  }

  void remove(Request request) {
    TenantQueue tenant = queueOf(request);
    tenant.remove(request);
    size--;
    if (tenant.isEmpty()) {
      turns.remove(tenant.turn);
      demands.remove(tenant.claim);
    } else if (!tenant.isSheddingFrom()) {
      demands.move(tenant.claim, -tenant.demand());
    }
    notePassed(tenant);
  }

  private void notePassed(TenantQueue tenant) {
    if (tenant.isPassed()) {
      passed.add(tenant);
    } else if (!passed.isEmpty()) {
      passed.remove(tenant);
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
    if (!passed.isEmpty()) {
      return passed.iterator().next().head();
    }
    Ranking.Entry least = turns.first();
    return least == null ? null : least.tenant.head();
  }

  /** The oldest request of each tenant that waits. */
  List<Request> heads() {
    List<Request> heads = new ArrayList<>();
    for (TenantQueue tenant : tenants.values()) {
      Request head = tenant.head();
      if (head != null) {
        heads.add(head);
      }
    }
    return heads;
  }

  /**
   * Begins to choose requests that could be shed, which all stay where they are; {@link
   * #endShedding} ends that.
   */
  void startShedding(boolean fromOldest) {
    shedsOldest = fromOldest;
  }

  void endShedding() {
    for (TenantQueue tenant : sheddingFrom) {
      tenant.endShedding();
      if (!tenant.isEmpty()) {
        demands.move(tenant.claim, -tenant.demand());
      }
    }
    sheddingFrom.clear();
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
    while (true) {
      Ranking.Entry most = demands.first();
      if (most == null || -most.number() <= demand) {
        return null;
      }
      TenantQueue tenant = most.tenant;
      if (!tenant.isSheddingFrom()) {
        sheddingFrom.add(tenant);
        tenant.startShedding(shedsOldest);
      }
      Request victim = tenant == exempt ? null : tenant.nextToShed();
      if (victim != null) {
        demands.move(most, -tenant.demandLeft());
        return victim;
      }
      demands.move(most, Double.POSITIVE_INFINITY); // it has none, or none more
    }
  }

  /** Whether calls of more than one tenant wait, or came lately. */
  boolean hasSeveralTenants(long nowNanos) {
    return turns.size() > 1 || (severalCame && nowNanos - severalNanos < LATELY_NANOS);
  }

  /** Whether another tenant asks for far more than the tenant of this request, for its share. */
  boolean asksForLess(Request request) {
    Ranking.Entry most = demands.first();
    return most != null && most.tenant.demand() > FAR_LESS * queueOf(request).demand();
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
    turns.move(tenant.turn, tenant.virtualTime);
    notePassed(tenant);
  }

  /** How long until one of those that wait must run to be done by its deadline. */
  long slackNanos(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (TenantQueue tenant : tenants.values()) {
      for (Request request = tenant.head(); request != null; request = request.next) {
        if (request.hasDeadline() && request.isLive()) {
          least = Math.min(least, request.deadlineNanos() - nowNanos - request.costNanos);
        }
      }
    }
    return least;
  }

  /**
   * Shows requests in fair order, as far as {@code goesOn} says so, which may remove the one that
   * it is shown.
   *
   * @param most how many at most
   */
  void visit(int most, Predicate<Request> goesOn) {
    try {
      for (int i = 0; i < most; i++) {
        Ranking.Entry least = turns.first();
        Request request = least == null ? null : next(least);
        if (request == null || !goesOn.test(request)) {
          return;
        }
      }
    } finally {
      for (TenantQueue tenant : visited) {
        tenant.endVisit();
        if (!tenant.isEmpty()) {
          turns.move(tenant.turn, tenant.virtualTime);
        }
      }
      visited.clear();
    }
  }

  /** The next request of the tenant that is next, as if those shown before were served; or null. */
  private @Nullable Request next(Ranking.Entry least) {
    TenantQueue tenant = least.tenant;
    if (!tenant.isVisited()) {
      visited.add(tenant);
      tenant.startVisit();
    }
    Request request = tenant.nextInVisit();
    if (request != null) {
      boolean isLast = !tenant.hasMoreInVisit();
      double cost = isLast ? Double.POSITIVE_INFINITY : request.costNanos / tenant.share;
      turns.move(least, least.number() + cost);
    }
    return request;
  }

  /** How many tenants others were compared with so far; for tests. */
  long steps() {
    return turns.steps() + demands.steps();
  }
}
