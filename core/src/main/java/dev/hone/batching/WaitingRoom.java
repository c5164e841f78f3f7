package dev.hone.batching;

import dev.hone.RunOptions.Priority;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All requests that wait, in three levels of priority. The levels share the machine 64 : 8 : 1
 * while all of them want more than there is, so the lowest is slow but never starves; a level that
 * leaves room gives it to the others.
 *
 * <p>Requests that ended while they waited stay in their list until somebody comes by.
 *
 * <p>Not thread-safe: guarded by the forming lock.
 */
final class WaitingRoom {
  private static final double[] WEIGHTS = {64, 8, 1};

  /** How many times as many requests are looked at as are wanted. */
  private static final int MOST_LOOKS = 4;

  private final Level[] levels = new Level[WEIGHTS.length];
  private final Admission admission;
  private double servedTime; // of the level that was next last
  private long batches; // that were served

  WaitingRoom(Admission admission, Map<String, Double> shares) {
    this.admission = admission;
    for (int i = 0; i < levels.length; i++) {
      levels[i] = new Level(WEIGHTS[i], shares);
    }
  }

  /** How many requests wait, or did before they ended. */
  int size() {
    int size = 0;
    for (Level level : levels) {
      size += level.size;
    }
    return size;
  }

  void add(Request request) {
    Level level = levelOf(request);
    if (level.size == 0) {
      level.virtualTime = Math.max(level.virtualTime, servedTime);
    }
    level.add(request);
  }

  /** Takes a request out of its list. */
  void remove(Request request) {
    levelOf(request).remove(request);
  }

  /** Takes a request out that ended by itself, and lets go of what it still has. */
  void discard(Request request) {
    remove(request);
    if (request.takenRows > 0) { // else it let go when it ended
      admission.left(request);
      request.endUse();
    }
  }

  /** The request that must be served next, or null if none waits. */
  @Nullable Request first() {
    while (true) {
      Level next = null;
      for (Level level : levels) {
        if (level.size > 0 && (next == null || level.virtualTime < next.virtualTime)) {
          next = level;
        }
      }
      Request first = next == null ? null : next.first();
      if (first == null || first.isLive()) {
        return first;
      }
      discard(first);
    }
  }

  /**
   * Requests of the anchor's kind and priority, the anchor first and the others in fair order.
   *
   * @param most how many at most
   */
  void window(Request anchor, int most, List<Request> into) {
    into.clear();
    into.add(anchor);
    if (most <= 1) {
      return;
    }
    levelOf(anchor)
        .visit(
            MOST_LOOKS * most,
            request -> {
              if (request != anchor) {
                if (!request.isLive()) {
                  discard(request);
                } else if (request.kind.equals(anchor.kind)) {
                  into.add(request);
                }
              }
              return into.size() < most;
            });
  }

  /** Calls of lower priority, of this kind and no longer than this, that could fill a batch. */
  void fillers(Request anchor, int length, int most, List<Request> into) {
    into.clear();
    for (int i = rank(anchor.options.priority()) + 1; i < levels.length; i++) {
      if (into.size() < most) {
        levels[i].visit(
            MOST_LOOKS * most,
            request -> {
              boolean fits = request.length <= length && request.kind.equals(anchor.kind);
              if (fits && request.isLive()) {
                into.add(request);
              }
              return into.size() < most;
            });
      }
    }
  }

  /** The {@linkplain #first first} is served, and perhaps others with it. */
  void serve(Request first) {
    Level level = levelOf(first);
    servedTime = Math.max(servedTime, level.virtualTime);
    batches++;
    level.serve(first);
  }

  /**
   * A request is served at this cost, because that one was first. It is held against its tenant,
   * but against the level of the first: what fills room that is left is not to wait for that.
   */
  void charge(Request request, double costNanos, Request first) {
    Level level = levelOf(first);
    level.virtualTime += costNanos / level.weight;
    levelOf(request).charge(request, costNanos, batches);
  }

  /**
   * Begins to choose requests to be shed, the oldest first or else the newest. They all stay where
   * they are, and none is chosen twice until {@link #endShedding}.
   */
  void startShedding(boolean fromOldest) {
    for (Level level : levels) {
      level.startShedding(fromOldest);
    }
  }

  void endShedding() {
    for (Level level : levels) {
      level.endShedding();
    }
  }

  /**
   * The next request of the lowest priority, of the tenant that asks for most, but none above
   * {@code highest} and none that is served in parts already; or null.
   */
  @Nullable Request nextToShed(Priority highest) {
    for (int i = levels.length - 1; i >= rank(highest); i--) {
      Request victim = levels[i].nextOfGreediest();
      while (victim != null && !victim.isLive()) {
        discard(victim);
        victim = levels[i].nextOfGreediest();
      }
      if (victim != null) {
        return victim;
      }
    }
    return null;
  }

  /**
   * The next request of the tenant that asks for most, of the same priority, if that is more than
   * the tenant of this one asks for with it; or null.
   */
  @Nullable Request nextToRefuseFor(Request newer) {
    Level level = levelOf(newer);
    Request victim = level.nextOfGreedier(newer);
    while (victim != null && !victim.isLive()) {
      discard(victim);
      victim = level.nextOfGreedier(newer);
    }
    return victim;
  }

  /** Whether calls of more than one tenant wait, or came lately, at one priority. */
  boolean hasSeveralTenants(long nowNanos) {
    for (Level level : levels) {
      if (level.hasSeveralTenants(nowNanos)) {
        return true;
      }
    }
    return false;
  }

  /** Whether another tenant asks for far more, for its share, at the same priority. */
  boolean asksForLess(Request request) {
    return levelOf(request).asksForLess(request);
  }

  /** The request that waits longest, or null if none waits. */
  @Nullable Request oldest() {
    Request oldest = null;
    for (Level level : levels) {
      for (Request head : level.heads()) {
        Request first = head;
        while (first != null && !first.isLive()) {
          Request after = first.next;
          discard(first);
          first = after;
        }
        if (first != null && (oldest == null || first.submittedNanos - oldest.submittedNanos < 0)) {
          oldest = first;
        }
      }
    }
    return oldest;
  }

  /** How long until one of those that wait must run to be done by its deadline. */
  long slackNanos(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (Level level : levels) {
      least = Math.min(least, level.slackNanos(nowNanos));
    }
    return least;
  }

  /** How many tenants others were compared with so far; for tests. */
  long steps() {
    long steps = 0;
    for (Level level : levels) {
      steps += level.steps();
    }
    return steps;
  }

  /** What a level gets while all of them want more than there is, against the others. */
  static double weight(Priority priority) {
    return WEIGHTS[rank(priority)];
  }

  private Level levelOf(Request request) {
    return levels[rank(request.options.priority())];
  }

  private static int rank(Priority priority) {
    return switch (priority) {
      case INTERACTIVE -> 0;
      case STANDARD -> 1;
      case BULK -> 2;
    };
  }
}
