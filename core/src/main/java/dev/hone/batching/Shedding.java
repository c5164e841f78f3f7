package dev.hone.batching;

import dev.hone.HoneException.OverloadException;
import java.time.Duration;
import java.util.ArrayList;
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
  private final boolean oldest;

  Shedding(WaitingRoom room, Admission admission, BatchPolicy policy) {
    this.room = room;
    this.admission = admission;
    this.oldest = policy.overload == BatchPolicy.Overload.SHED_OLDEST;
  }

  /**
   * Counts a request in and ends as many that wait as it takes; false if there are not enough, and
   * then none has ended.
   *
   * @param ended takes those that ended, also if this throws. They have left the queue, but nobody
   *     has been told: that is for the caller to do, without the lock
   */
  boolean makeRoomFor(Request newer, Duration retryAfter, List<Request> ended) {
    List<Request> victims = admit(newer);
    if (victims == null) {
      return false;
    }
    boolean hasRoom = false;
    try {
      for (Request victim : victims) {
        end(victim, shed(victim, retryAfter), ended);
      }
      hasRoom = true;
    } finally {
      if (!hasRoom) {
        admission.left(newer);
      }
    }
    return hasRoom;
  }

  /** Counts a request in and tells who has to go for it; null if it is not counted. */
  private @Nullable List<Request> admit(Request newer) {
    room.startShedding(oldest);
    try {
      return chooseFor(newer);
    } finally {
      room.endShedding();
    }
  }

  private @Nullable List<Request> chooseFor(Request newer) {
    List<Request> victims = new ArrayList<>();
    long rows = 0;
    long bytes = 0;
    long nanos = 0;
    while (true) {
      if (admission.tryAdmit(newer, rows, bytes, nanos)) {
        if (victims.stream().allMatch(Request::isWaiting)) {
          return victims;
        }
        admission.left(newer); // the room of one that went by itself was counted twice
        victims.removeIf(victim -> !victim.isWaiting());
        rows = victims.stream().mapToLong(Request::rows).sum();
        bytes = victims.stream().mapToLong(Request::bytes).sum();
        nanos = victims.stream().mapToLong(victim -> victim.costNanos).sum();
        continue;
      }
      Request victim =
          oldest ? room.nextToShed(newer.options.priority()) : room.nextToRefuseFor(newer);
      if (victim == null) {
        return null;
      }
      victims.add(victim);
      rows += victim.rows;
      bytes += victim.bytes();
      nanos += victim.costNanos;
    }
  }

  private void end(Request victim, Failure failure, List<Request> ended) {
    ended.add(victim); // first: once it has ended there must be memory for that
    try {
      victim.end(failure);
    } finally {
      if (!victim.isLive()) {
        room.remove(victim);
      }
      if (!victim.endedBy(failure)) { // it went by itself: there is room too
        ended.remove(ended.size() - 1);
      }
    }
  }

  /** Why a call was shed; its words and its stack trace are made without the lock. */
  private Failure shed(Request victim, Duration retryAfter) {
    String tenant = victim.options.tenant();
    return new Failure(
        () ->
            new OverloadException(
                oldest
                    ? "The call was given up for newer ones, because the queue was full."
                    : "The call was given up for one of another tenant, because the queue was full,"
                        + " most of it of the tenant '"
                        + tenant
                        + "'.",
                retryAfter));
  }
}
