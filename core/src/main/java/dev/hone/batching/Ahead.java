package dev.hone.batching;

import dev.hone.RunOptions.Priority;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of what waits is served before a call that comes now: what is of another priority or
 * tenant gets its share of the machine meanwhile, and no more. Thread-safe.
 */
final class Ahead {
  /** Among more tenants none has much to itself, and to look at all takes longer than to refuse. */
  private static final int MOST_COMPARED = 1000;

  private final Map<String, Double> shares;
  private final AtomicLong urgentNanos = new AtomicLong();
  private final AtomicLong bulkNanos = new AtomicLong();
  private final Map<String, Long> tenants = new ConcurrentHashMap<>(); // that have a name

  Ahead(Map<String, Double> shares) {
    this.shares = shares;
  }

  /** A request waits from now on. */
  void add(Request request) {
    count(request, request.costNanos);
  }

  /** It does so no more. */
  void remove(Request request) {
    count(request, -request.costNanos);
  }

  private void count(Request request, long nanos) {
    switch (request.options.priority()) {
      case INTERACTIVE -> urgentNanos.addAndGet(nanos);
      case STANDARD -> {} // most are: it is what remains of all
      case BULK -> bulkNanos.addAndGet(nanos);
    }
    String tenant = request.options.tenant();
    if (!tenant.isEmpty()) {
      tenants.merge(tenant, nanos, (one, other) -> one + other == 0 ? null : one + other);
    }
  }

  /** The time that passes before a request is served, of what all that waits will take. */
  long nanos(Request request, long allNanos) {
    Priority own = request.options.priority();
    double before = ofLevel(own, allNanos);
    if (tenants.size() <= MOST_COMPARED) {
      before = Math.min(before, amongTenants(request, allNanos));
    }
    double nanos = before;
    for (Priority other : Priority.values()) {
      double share = WaitingRoom.weight(other) / WaitingRoom.weight(own);
      double gets = Math.min(ofLevel(other, allNanos), (before + request.costNanos) * share);
      nanos += other == own ? 0 : gets;
    }
    return (long) Math.min((double) allNanos, nanos);
  }

  private double ofLevel(Priority level, long allNanos) {
    long urgent = urgentNanos.get();
    long bulk = bulkNanos.get();
    return switch (level) {
      case INTERACTIVE -> (double) urgent;
      case STANDARD -> (double) Math.max(0, allNanos - urgent - bulk);
      case BULK -> (double) bulk;
    };
  }

  /** What all tenants get until the request is served. */
  private double amongTenants(Request request, long allNanos) {
    String tenant = request.options.tenant();
    long unnamed = allNanos;
    for (long named : tenants.values()) {
      unnamed -= named;
    }
    double own =
        (double) Math.max(0, tenant.isEmpty() ? unnamed : tenants.getOrDefault(tenant, 0L));
    double each = (own + request.costNanos) / share(tenant);
    double before =
        own + (tenant.isEmpty() ? 0 : Math.min((double) Math.max(0, unnamed), each * share("")));
    for (Map.Entry<String, Long> other : tenants.entrySet()) {
      double gets = Math.min((double) other.getValue(), each * share(other.getKey()));
      before += other.getKey().equals(tenant) ? 0 : gets;
    }
    return before;
  }

  private double share(String tenant) {
    return shares.getOrDefault(tenant, 1.0);
  }
}
