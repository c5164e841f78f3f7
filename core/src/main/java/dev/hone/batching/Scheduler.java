package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/*
 * Work-conserving. A lane is the right to run one batch. It is free only while nothing waits:
 * who makes a request looks for a free lane after pushing it, and who frees a lane looks for
 * requests after freeing it, both with volatile reads and writes, so one of the two sees the other.
 * Batches are formed when a lane is there for them, never earlier, from all that waits then.
 *
 * Who runs. A blocking caller that finds a free lane runs in its own thread: alone and without
 * copies if nothing waits, after letting others come (Breather). When it is done and others came
 * meanwhile, it serves one more batch if that is short (waking the lane's thread would take longer),
 * else the lane's thread goes on. Under load the threads of the lanes do everything. Virtual threads
 * never run native code: they hand the lane over.
 */

/** Brings together what waits and the lanes that are free for it. Thread-safe. */
final class Scheduler implements Admission.Shedder {
  /** How many times the wake of a thread a batch may last that a caller runs for others. */
  private static final int COURTESY_WAKES = 16;

  /** As a time until which a lane is taken: nobody shall wait for it. */
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 4;

  private final Backlog backlog;
  private final Lanes lanes;
  private final Pilot pilot;
  private final Breather breather;
  private final long courtesyNanos = COURTESY_WAKES * WakeCost.nanos();
  private final boolean lingers;
  private final boolean lanesAddUp; // what one does costs the others nothing

  Scheduler(
      Sessions sessions,
      LongSupplier callsUnderWay,
      Joiner joiner,
      Admission admission,
      BatchPolicy policy,
      Plan plan,
      Recorder recorder) {
    this.backlog = new Backlog(admission, policy, plan, courtesyNanos, recorder);
    this.breather = new Breather(admission::rows);
    this.pilot = new Pilot(sessions, callsUnderWay, joiner, recorder, backlog);
    this.lingers = policy.lingerNanos > 0 && plan.maxRows() > 1; // else nobody can join
    this.lanesAddUp = lanesAddUp(sessions.shared(), plan.lanes());
    this.lanes = new Lanes(plan.lanes(), this::serve);
  }

  private static boolean lanesAddUp(Session session, int lanes) {
    int processors = Runtime.getRuntime().availableProcessors();
    return lanes > 1
        && session.device().kind() == Device.Kind.CPU
        && lanes * session.report().threads() <= processors;
  }

  /**
   * A lane on which a call may run at once, alone; null if others wait, or it is too large for one
   * run. Then it must be {@linkplain #submit(Request, boolean) submitted}, or {@link #look} be
   * called: others that wait rely on that.
   */
  @Nullable Lane laneFor(Kind kind, Batch in) {
    if (lingers || backlog.hasWork()) {
      return null;
    }
    boolean fits = kind.runsAlone() || kind.rowsOf(in) <= backlog.maxRows(kind, kind.lengthOf(in));
    Lane lane = fits ? lanes.acquire() : null;
    if (lane != null) {
      lane.freeAtNanos = System.nanoTime() + FOREVER_NANOS;
      if (!kind.runsAlone()) {
        breather.pause();
      }
      if (backlog.hasWork()) { // whoever queued meanwhile found this lane taken
        lanes.release(lane);
        return null;
      }
    }
    return lane;
  }

  /** Has a free lane serve what waits, if there is any. */
  @Override
  public void look() {
    if (backlog.hasWork()) {
      wakeFreeLane();
    }
  }

  /** Whether a row of such a call fits a batch. */
  boolean fits(Kind kind, int length) {
    return backlog.fits(kind, length);
  }

  /**
   * Refuses a call of which not even one row fits.
   *
   * @throws IllegalArgumentException naming the budget and the row
   */
  void requireFits(Kind kind, int length) {
    backlog.requireFits(kind, length);
  }

  /** What so many rows will probably cost, as a part of a good batch. */
  long costNanos(int length, long rows) {
    return backlog.rowNanos(length) * rows;
  }

  /**
   * Queues an admitted asynchronous request and wakes a lane for it, if one is free; else who holds
   * the lanes sees the request when it is done.
   */
  void submit(Request request) {
    backlog.push(request);
    wakeFreeLane();
  }

  /**
   * Queues an admitted request that the current thread is going to wait for, and gives it a free
   * lane, if there is one.
   *
   * @param callerRuns whether the current thread may run its batch
   */
  void submit(Request request, boolean callerRuns) {
    backlog.push(request);
    Lane lane = lanes.acquire();
    if (lane == null) {
      return;
    }
    if (callerRuns && !lingers) {
      breather.pause();
      lend(lane, Dispatch.IDLE, request);
    } else {
      lane.handOver(null);
    }
  }

  /** A caller is done with a lane. */
  void giveBack(Lane lane) {
    if (backlog.hasWork()) {
      lend(lane, Dispatch.READY, null);
    } else {
      free(lane);
    }
  }

  /** Serves one batch in a caller's thread, if that is soon done or its own; then lets go. */
  private void lend(Lane lane, Dispatch why, @Nullable Request own) {
    Flight flight;
    try {
      flight = nextFlight(lane, why);
    } catch (RuntimeException | Error e) { // no memory, say; not this caller's trouble
      lane.handOver(null);
      return;
    }
    if (flight == null) {
      free(lane);
    } else if (flight.predictedNanos > courtesyNanos && (own == null || !flight.carries(own))) {
      lane.handOver(flight);
    } else {
      fly(flight);
      if (backlog.hasWork()) {
        lane.handOver(null);
      } else {
        free(lane);
      }
    }
  }

  private void fly(Flight flight) {
    if (backlog.hasRest()) { // more than fits one flight: other lanes may be free
      wakeFreeLane();
    }
    pilot.fly(flight);
  }

  private void free(Lane lane) {
    lanes.release(lane);
    look(); // something may have come between the last look and the release
  }

  private void wakeFreeLane() {
    Lane lane = lanes.acquire();
    if (lane != null) {
      lane.handOver(null);
    }
  }

  /** What the thread of a lane does. */
  private void serve(Lane lane, @Nullable Flight first) {
    Flight flight = first;
    Dispatch why = Dispatch.IDLE;
    if (first == null && !lingers) {
      breather.pause(); // it was woken by the first of those that come, and runs before the others
    }
    while (true) {
      try {
        if (flight == null) {
          flight = nextFlight(lane, backlog.linger(why));
        }
        if (flight == null) {
          break;
        }
        fly(flight);
      } catch (RuntimeException | Error e) { // a lane never dies
        System.getLogger("dev.hone.batching").log(Logger.Level.ERROR, "A batch failed oddly.", e);
      }
      flight = null;
      why = Dispatch.READY;
    }
    free(lane);
  }

  /** Forms the next flight; null if nothing waits. */
  private @Nullable Flight nextFlight(Lane lane, Dispatch why) {
    return backlog.nextFlight(lane, why, lanesAddUp ? lanes : null);
  }

  /** See {@link Backlog#shedFor}. */
  @Override
  public boolean shedFor(Request newer, Duration retryAfter) {
    return backlog.shedFor(newer, retryAfter);
  }

  /** How long the oldest request has waited. */
  long oldestWaitNanos() {
    return backlog.oldestWaitNanos();
  }

  /** No more calls will come: those that wait for company shall not. */
  void hurry() {
    backlog.hurry();
  }

  /** Ends the threads of the lanes. Only when no call is under way any more. */
  void stop() {
    lanes.stop();
  }
}
