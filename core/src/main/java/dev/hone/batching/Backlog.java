package dev.hone.batching;

import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be served, and what is learned from what was. Thread-safe.
 *
 * <p>One lock, the forming lock, guards the waiting room, the cost model and the limits. It is
 * taken by who holds a lane, as long as it takes to form a batch. Callers do not take it to be
 * served, or 64 woken callers would queue up behind each other there; only one that sheds others,
 * and who asks for the oldest wait, takes it without a lane. It is not held while a model runs,
 * rows are copied, or threads are woken.
 */
final class Backlog implements Pilot.Reports {
  /** After so long who lingers looks again whether the batch is full: nobody wakes it. */
  private static final long MOST_NAP_NANOS = 1_000_000;

  private final Admission admission;
  private final CostModel costs;
  private final Limits limits;
  private final Intake intake = new Intake();
  private final WaitingRoom room;
  private final Consumer<Request> entry;
  private final BatchFormer former;
  private final Shedding shedding;
  private final Recorder recorder;
  private final boolean batches; // whether calls share them; else costs are those of lone calls
  private final ReentrantLock forming = new ReentrantLock();
  private final long lingerNanos;
  private volatile boolean waiting; // something may be in the waiting room
  private volatile boolean hurries;

  /**
   * A backlog in which nothing waits.
   *
   * @param tellingNanos what leaving a part of all that waits to another lane must gain
   */
  Backlog(
      Admission admission, BatchPolicy policy, Plan plan, long tellingNanos, Recorder recorder) {
    this.admission = admission;
    this.costs = plan.grid().model(plan.maxRows());
    this.limits = new Limits(policy, plan.maxRows());
    this.room = new WaitingRoom(admission, policy.shares);
    this.entry = room::add;
    this.former = new BatchFormer(room, costs, limits, admission, tellingNanos);
    this.shedding = new Shedding(room, admission, policy);
    this.recorder = recorder;
    this.batches = plan.maxRows() > 1;
    this.lingerNanos = policy.lingerNanos;
  }

  /** The most rows of this length in a batch. */
  int maxRows(Kind kind, int length) {
    return limits.maxRows(kind, length);
  }

  /** See {@link Limits#fits}. */
  boolean fits(Kind kind, int length) {
    return limits.fits(kind, length);
  }

  /** See {@link Limits#requireFits}. */
  void requireFits(Kind kind, int length) {
    limits.requireFits(kind, length);
  }

  /** What one row of this length costs in a good batch. */
  long rowNanos(int length) {
    return costs.rowNanos(length);
  }

  /** Adds an admitted request. */
  void push(Request request) {
    intake.push(request);
  }

  /** Whether anything may wait. */
  boolean hasWork() {
    return waiting || !intake.isEmpty();
  }

  /** Whether the last flight left anything. */
  boolean hasRest() {
    return waiting;
  }

  /**
   * Forms the next flight, for a lane; null if nothing waits.
   *
   * @param all the lanes, if others than this one may help
   */
  @Nullable Flight nextFlight(Lane lane, Dispatch why, @Nullable Lanes all) {
    forming.lock();
    try {
      gather();
      long now = System.nanoTime();
      long other = all == null ? Long.MAX_VALUE : all.nanosUntilOther(lane, now);
      Flight flight = former.form(why, now, other);
      if (flight != null) {
        lane.freeAtNanos = now + flight.predictedNanos; // seen by who forms next
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
    intake.drainTo(entry);
  }

  private void doneForming() {
    waiting = room.size() > 0;
    forming.unlock();
  }

  /** Waits a little for more rows, where the policy says so; returns why that ended. */
  Dispatch linger(Dispatch why) {
    while (lingerNanos > 0 && !hurries && hasWork() && admission.rows() < limits.maxRows) {
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
          slack = room.slackNanos(now);
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
      if (slack < lingerNanos - lingered + lingerNanos / 2) {
        return Dispatch.DEADLINE;
      }
      long nap = Math.min(lingerNanos / 8 + 10_000, MOST_NAP_NANOS);
      LockSupport.parkNanos(this, Math.min(lingerNanos - lingered, nap));
    }
    return why;
  }

  /** Ends lingering, for ever: no more rows will come. */
  void hurry() {
    hurries = true;
  }

  /**
   * Ends waiting requests in favour of a newer one, as the policy says, if that makes room enough
   * for it, and counts that one in; false if not, and then none has ended.
   */
  boolean shedFor(Request newer, Duration retryAfter) {
    List<Request> ended = new ArrayList<>();
    try {
      forming.lock();
      try {
        gather();
        return shedding.makeRoomFor(newer, retryAfter, ended);
      } finally {
        doneForming();
      }
    } finally {
      ended.forEach(this::tellShed); // without the lock: it is the application's code that runs
    }
  }

  private void tellShed(Request request) {
    try {
      try {
        recorder.rejected(Rejection.SHED);
      } finally {
        request.tellEnd();
      }
    } catch (RuntimeException | Error e) { // the next one must be told all the same
      System.getLogger("dev.hone.batching")
          .log(Logger.Level.ERROR, "A call that was shed was told so badly.", e);
    }
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
      boolean known = !flight.kind.runsAlone() || !batches;
      if (known && !flight.onLone) { // the costs are those of the other session
        costs.observe(flight.rows, flight.length, flight.runNanos());
      }
      for (int i = 0; timed && i < flight.pieces.size(); i++) {
        long submitted = flight.pieces.get(i).request().submittedNanos;
        limits.answered(now - submitted, flight.formedNanos - submitted);
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
}
