package dev.hone.batching;

import dev.hone.HoneException.OverloadException;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes room in a full queue for a newer request, at the expense of others, as the policy says; or
 * of nobody, if that would not suffice.
 *
 * <p>Guarded by the forming lock, so that no two requests are given the same room.
 */
final class Shedding {
  private final WaitingRoom room;
  private final Admission admission;
  private final Recorder recorder;
  private final boolean oldest;

  Shedding(WaitingRoom room, Admission admission, BatchPolicy policy, Recorder recorder) {
    this.room = room;
    this.admission = admission;
    this.recorder = recorder;
    this.oldest = policy.overload == BatchPolicy.Overload.SHED_OLDEST;
  }

  /**
   * Ends waiting requests until this one, which is counted already, has room. They have left the
   * queue then, but nobody has been told: that is for the caller to do, without the lock.
   *
   * @return those that ended; null if there is not enough to end, and then none has
   */
  @Nullable List<Request> makeRoomFor(Request newer, Duration retryAfter) {
    Deque<Request> victims = new ArrayDeque<>();
    long rows = 0;
    long bytes = 0;
    long nanos = 0;
    while (!admission.fitsWithout(rows, bytes, nanos, newer)) {
      Request victim = oldest ? room.toShed(newer.options.priority()) : room.toRefuseFor(newer);
      if (victim == null) {
        while (!victims.isEmpty()) {
          room.putBack(victims.pop(), oldest);
        }
        return null;
      }
      room.remove(victim);
      victims.push(victim);
      rows += victim.rows;
      bytes += victim.bytes();
      nanos += victim.costNanos;
    }
    return end(victims, retryAfter);
  }

  private List<Request> end(Deque<Request> victims, Duration retryAfter) {
    List<Request> ended = new ArrayList<>(victims.size());
    for (Request victim : victims) {
      if (victim.end(shed(victim, retryAfter))) { // else it went by itself: there is room too
        recorder.rejected(Rejection.SHED);
        ended.add(victim);
      }
    }
    return ended;
  }

  private OverloadException shed(Request victim, Duration retryAfter) {
    return new OverloadException(
        oldest
            ? "The call was given up for newer ones, because the queue was full."
            : "The call was given up for one of another tenant, because the queue was full, most of"
                + " it of the tenant '"
                + victim.options.tenant()
                + "'.",
        retryAfter);
  }
}
