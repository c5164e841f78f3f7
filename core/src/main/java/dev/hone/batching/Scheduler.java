package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
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
 *
 * Locks. One, the forming lock, taken by who holds a lane, as long as it takes to form a batch.
 * Callers do not take it to be served, or 64 woken callers would queue up behind each other there;
 * only one that sheds others, and who asks for the oldest wait, takes it without a lane. It guards
 * the waiting room, the cost model and the limits. No lock is held while a model runs, rows are
 * copied, or threads are woken.
 */

/** Brings together what waits and the lanes that are free for it. Thread-safe. */
final class Scheduler implements Pilot.Reports {
  /** How many times the wake of a thread a batch may last that a caller runs for others. */
  private static final int COURTESY_WAKES = 16;

  /** As a time until which a lane is taken: nobody shall wait for it. */
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 4;

  private final Admission admission;
  private final CostModel costs;
  private final Limits limits;
  private final Intake intake = new Intake();
  private final WaitingRoom room;
  private final BatchFormer former;
  private final Shedding shedding;
  private final Lanes lanes;
  private final Pilot pilot;
  private final Breather breather;
  private final ReentrantLock forming = new ReentrantLock();
  private final long lingerNanos;
  private final long courtesyNanos = COURTESY_WAKES * WakeCost.nanos();
  private final boolean lanesAddUp; // what one does costs the others nothing
  private volatile boolean waiting; // something may be in the waiting room

  Scheduler(
      Sessions sessions,
      LongSupplier callsUnderWay,
      Joiner joiner,
      Admission admission,
      BatchPolicy policy,
      Plan plan,
      Recorder recorder) {
    this.admission = admission;
    this.costs = plan.grid().model(plan.maxRows());
    this.limits = new Limits(policy, plan.maxRows());
    this.room = new WaitingRoom(admission, policy.shares);
    this.former = new BatchFormer(room, costs, limits, admission, courtesyNanos);
    this.shedding = new Shedding(room, admission, policy, recorder);
    this.breather = new Breather(admission::rows);
    this.pilot = new Pilot(sessions, callsUnderWay, joiner, recorder, this);
    this.lingerNanos = policy.lingerNanos;
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
    if (lingerNanos > 0 || hasWork()) {
      return null;
    }
    boolean fits = in.tensor(0).shape().rows() <= limits.maxRows(kind, kind.lengthOf(in));
    Lane lane = fits ? lanes.acquire() : null;
    if (lane != null) {
      lane.freeAtNanos = System.nanoTime() + FOREVER_NANOS;
      breather.pause();
      if (hasWork()) { // whoever queued meanwhile found this lane taken
        lanes.release(lane);
        return null;
      }
    }
    return lane;
  }

  /** Has a free lane serve what waits, if there is any. */
  void look() {
    if (hasWork()) {
      wakeFreeLane();
    }
  }

  /**
   * Refuses a call of which not even one row fits.
   *
   * @throws IllegalArgumentException naming the budget and the row
   */
  void requireFits(Kind kind, int length) {
    limits.requireFits(kind, length);
  }

  /** What so many rows will probably cost, as a part of a good batch. */
  long costNanos(int length, long rows) {
    return costs.rowNanos(length) * rows;
  }

  /**
   * Queues an admitted asynchronous request and wakes a lane for it, if one is free; else who holds
   * the lanes sees the request when it is done.
   */
  void submit(Request request) {
    intake.push(request);
    wakeFreeLane();
  }

  /**
   * Queues an admitted request that the current thread is going to wait for, and gives it a free
   * lane, if there is one.
   *
   * @param callerRuns whether the current thread may run its batch
   */
  void submit(Request request, boolean callerRuns) {
    intake.push(request);
    Lane lane = lanes.acquire();
    if (lane == null) {
      return;
    }
    if (callerRuns && lingerNanos == 0) {
      breather.pause();
      lend(lane, Dispatch.IDLE, request);
    } else {
      lane.handOver(null);
    }
  }

  /** A caller is done with a lane. */
  void giveBack(Lane lane) {
    if (hasWork()) {
      lend(lane, Dispatch.READY, null);
    } else {
      free(lane);
    }
  }

  private boolean hasWork() {
    return waiting || !intake.isEmpty();
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
      if (hasWork()) {
        lane.handOver(null);
      } else {
        free(lane);
      }
    }
  }

  private void fly(Flight flight) {
    if (waiting) { // more than fits one flight: other lanes may be free
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
    if (first == null && lingerNanos == 0) {
      breather.pause(); // it was woken by the first of those that come, and runs before the others
    }
    while (true) {
      try {
        if (flight == null) {
          flight = nextFlight(lane, linger(why));
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
    forming.lock();
    try {
      gather();
      long now = System.nanoTime();
      long other = lanesAddUp ? lanes.nanosUntilOther(lane, now) : Long.MAX_VALUE;
      Flight flight = former.form(why, now, other);
      if (flight != null) {
        lane.freeAtNanos = now + flight.predictedNanos;
      }
      return flight;
    } catch (RuntimeException | Error e) { // whatever is wrong: it must not be so for ever
      Request first = room.first();
      if (first != null) {
        first.settle(e);
      }
      throw e;
    } finally {
      doneForming();
    }
  }

  /** Takes in what arrived; so that nobody thinks meanwhile that nothing waits, says it does. */
  private void gather() {
    waiting = true;
    intake.drainTo(room);
  }

  private void doneForming() {
    waiting = room.size() > 0;
    forming.unlock();
  }

  /** Waits a little for more rows, where the policy says so; returns why that ended. */
  private Dispatch linger(Dispatch why) {
    while (lingerNanos > 0 && hasWork() && admission.rows() < limits.maxRows) {
      long now = System.nanoTime();
      long lingered = 0;
      long slack = Long.MAX_VALUE;
      int full = limits.maxRows;
      forming.lock();
      try {
        gather();
        Request first = room.first();
        if (first != null) {
          lingered = now - first.submittedNanos;
          slack = first.hasDeadline() ? first.deadlineNanos() - now - first.costNanos : slack;
          full = limits.maxRows(first.kind, first.length);
        }
      } finally {
        doneForming();
      }
      if (admission.rows() >= full) {
        return why; // by tokens, bytes or memory
      }
      if (lingered >= lingerNanos) {
        return Dispatch.LINGER;
      }
      if (slack < 2 * lingerNanos) {
        return Dispatch.DEADLINE;
      }
      LockSupport.parkNanos(this, Math.min(lingerNanos - lingered, lingerNanos / 8 + 10_000));
    }
    return why;
  }

  /**
   * Ends waiting requests in favour of a newer one, as the policy says, if that makes room enough
   * for it; false if not, and then none has ended.
   *
   * @param newer counted already
   */
  boolean shedFor(Request newer, Duration retryAfter) {
    List<Request> ended;
    forming.lock();
    try {
      gather();
      ended = shedding.makeRoomFor(newer, retryAfter);
    } finally {
      doneForming();
    }
    if (ended == null) {
      return false;
    }
    ended.forEach(Request::tellEnd);
    return true;
  }

  /** How long the oldest request has waited. */
  long oldestWaitNanos() {
    forming.lock();
    try {
      gather();
      Request oldest = room.oldest();
      return oldest == null ? 0 : Math.max(0, System.nanoTime() - oldest.submittedNanos);
    } finally {
      doneForming();
    }
  }

  @Override
  public void ran(Flight flight) {
    boolean timed = limits.hasLatencyTarget();
    long now = timed ? System.nanoTime() : 0;
    forming.lock();
    try {
      if (!flight.onLone) { // the costs are those of the other session
        costs.observe(flight.rows, flight.length, flight.runNanos());
      }
      for (int i = 0; timed && i < flight.pieces.size(); i++) {
        limits.answered(now - flight.pieces.get(i).request().submittedNanos);
      }
      limits.ran();
    } finally {
      forming.unlock();
    }
  }

  @Override
  public void memoryFailed(long tokens) {
    forming.lock();
    try {
      limits.memoryFailed(tokens);
    } finally {
      forming.unlock();
    }
  }

  /** Ends the threads of the lanes. Only when no call is under way any more. */
  void stop() {
    lanes.stop();
  }
}
