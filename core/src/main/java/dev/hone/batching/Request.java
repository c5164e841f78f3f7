package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.CallFuture;
import dev.hone.RunOptions;
import dev.hone.Tensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One call that waits for its turn. It is a future because those that callers get, the {@link
 * AsyncRequest}s, are.
 *
 * <p>Its life is one word, {@code state}:
 *
 * <pre>
 *   WAITING --claim--- RUNNING --- DELIVERING --- a Batch: answered
 *      |                  |
 *      +------------------+------------------------ a Failure: cancelled, expired, shed, failed
 * </pre>
 *
 * Whoever makes the change to a final state completes the call, and nobody else does. DELIVERING is
 * short: results are being copied, perhaps into tensors of the caller, who therefore may not return
 * before it is over; a cancellation waits for it.
 *
 * <p>Two more things must happen once each. <em>Leaving the queue</em> (what waits is counted):
 * done by who ends WAITING, and for a call that is taken in parts by the former when the last part
 * goes. <em>Letting go of the inputs</em>, which are held from submission on so that closing them
 * early is safe: done when {@code uses} falls to zero, where waiting is one use and each part that
 * runs is another.
 */
abstract sealed class Request extends CallFuture implements Piece
    permits AsyncRequest, BlockingRequest {
  private static final VarHandle STATE;
  private static final VarHandle USES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(Request.class, "state", Object.class);
      USES = lookup.findVarHandle(Request.class, "uses", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** A state that is not final. */
  enum Phase {
    WAITING,
    RUNNING,
    DELIVERING
  }

  final RequestEvents events;
  final Kind kind;
  final Batch in;
  final int rows;
  final int length;
  final long costNanos; // predicted, as a part of a good batch
  final RunOptions options;
  final long begunNanos; // when it was called
  final long submittedNanos; // when it was found good
  private volatile @Nullable EarlyEnds earlyEnds; // null: there is nothing to listen to

  // Guarded by the forming lock.
  @Nullable Request next;
  @Nullable Request previous;
  int takenRows;

  private @Nullable Flight flight; // the first, seen with RUNNING; one of several need not be told
  private @Nullable Collected collected; // guarded by DELIVERING

  @SuppressWarnings("FieldMayBeFinal") // written through STATE
  private volatile Object state = Phase.WAITING;

  @SuppressWarnings({"unused", "UnusedVariable"}) // written through USES
  private volatile int uses = 1;

  Request(
      RequestEvents events,
      Kind kind,
      Batch in,
      int length,
      long costNanos,
      RunOptions options,
      long begunNanos) {
    this.events = events;
    this.kind = kind;
    this.in = in;
    this.rows = kind.rowsOf(in);
    this.length = length;
    this.costNanos = costNanos;
    this.options = options;
    this.begunNanos = begunNanos;
    this.submittedNanos = System.nanoTime();
  }

  @Override
  public Request request() {
    return this;
  }

  @Override
  public int from() {
    return 0;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  protected final boolean stop(Throwable why) {
    return settle(why);
  }

  /** How many rows no batch has taken yet. */
  int remainingRows() {
    return rows - takenRows;
  }

  /** The bytes of its inputs. */
  long bytes() {
    return kind.bytesOf(in, rows, length);
  }

  boolean hasDeadline() {
    return options.timeoutNanos() != 0;
  }

  /** By System.nanoTime; meaningless unless {@link #hasDeadline}. */
  long deadlineNanos() {
    return begunNanos + options.timeoutNanos();
  }

  /** What the results shall be written to, if its caller said so. */
  abstract @Nullable Batch out();

  /** Whether its caller blocks for it. */
  abstract boolean isAwaited();

  /**
   * Keeps inputs and targets alive until the call is over.
   *
   * @throws IllegalStateException if one of them is closed
   */
  void holdTensors() {
    in.hold();
  }

  void releaseTensors() {
    in.release();
  }

  void addUse() {
    USES.getAndAdd(this, 1);
  }

  void endUse() {
    if ((int) USES.getAndAdd(this, -1) == 1) {
      releaseTensors();
    }
  }

  boolean isLive() {
    return state instanceof Phase;
  }

  /** Whether the call waits, whole, for its first turn. */
  boolean isWaiting() {
    return state == Phase.WAITING;
  }

  /** Takes rows of the call for a flight; false if it ended meanwhile. */
  boolean claim(Flight by) {
    if (takenRows > 0) {
      return isLive();
    }
    flight = by;
    boolean claimed = STATE.compareAndSet(this, Phase.WAITING, Phase.RUNNING);
    if (!claimed) {
      flight = null;
    }
    return claimed;
  }

  /** Begins to write results; false if the call ended meanwhile. */
  boolean beginDelivery() {
    while (true) {
      Object seen = state;
      if (seen == Phase.RUNNING) {
        if (STATE.compareAndSet(this, seen, Phase.DELIVERING)) {
          return true;
        }
      } else if (seen == Phase.DELIVERING) {
        pause(); // another part of this call; it copies for a moment
      } else {
        return false;
      }
    }
  }

  /** For the moment that copying takes, on a thread that may have to share its processor. */
  private static void pause() {
    LockSupport.parkNanos(1_000);
  }

  /** What parts of the results were written to, or null if none was. */
  @Nullable Batch collected() {
    return collected == null ? null : collected.results();
  }

  /** Ends the writing of so many rows; with the last row the call is answered. */
  void endDelivery(Flight from, int delivered, Batch results) {
    if (delivered < rows) {
      Collected known = collected == null ? new Collected(results, rows) : collected;
      collected = known.add(delivered);
      if (collected != null) {
        state = Phase.RUNNING;
        return;
      }
    }
    try {
      events.answered(this, from);
    } finally {
      joinTold(from);
      state = results;
      conclude();
    }
  }

  /** Has the flight tell the caller that the call is answered, which it is going to be at once. */
  abstract void joinTold(Flight from);

  private void conclude() {
    flight = null; // who keeps the future shall not keep all others of its batch
    EarlyEnds listening = earlyEnds;
    if (listening != null) {
      listening.close();
    }
  }

  /** Ends a writing that failed, to this target if there was one. */
  void abortDelivery(Throwable cause, @Nullable Batch target) {
    if (target != null && target != out() && collected == null) {
      target.close();
    }
    state = Phase.RUNNING;
    settle(cause);
  }

  /** Ends the call without results and tells its caller; false if it had ended before. */
  boolean settle(Throwable cause) {
    return settle(new Failure(cause), false);
  }

  /** The same where the call still waits, whole; else nothing changes. */
  boolean settleWaiting(Throwable cause) {
    return settle(new Failure(cause), true);
  }

  private boolean settle(Failure failure, boolean onlyWaiting) {
    boolean ended;
    try {
      end(failure, onlyWaiting);
    } finally {
      ended = endedBy(failure);
      if (ended) {
        tellEnd();
      }
    }
    return ended;
  }

  /** Tells the caller of a call that was {@linkplain #end(Throwable) ended} without results. */
  void tellEnd() {
    conclude();
    tell((Failure) state);
  }

  /**
   * Ends the call without results, for which the caller is still to be {@linkplain #tellEnd told};
   * false if it had ended before.
   */
  boolean end(Throwable cause) {
    return end(new Failure(cause));
  }

  /** The same with a cause that may have to be made yet. */
  boolean end(Failure failure) {
    return end(failure, false);
  }

  private boolean end(Failure failure, boolean onlyWaiting) {
    while (true) {
      Object seen = state;
      if (!(seen instanceof Phase) || (onlyWaiting && seen != Phase.WAITING)) {
        return false;
      }
      if (seen == Phase.DELIVERING) {
        pause();
        continue;
      }
      if (STATE.compareAndSet(this, seen, failure)) {
        Batch unfinished = collected();
        if (unfinished != null && unfinished != out()) {
          unfinished.close();
        }
        if (seen == Phase.WAITING) {
          leaveQueue();
        } else {
          Flight by = flight;
          if (by != null) {
            by.abandonedByOne();
          }
        }
        return true;
      }
    }
  }

  private void leaveQueue() {
    try {
      events.leftQueue(this);
    } finally {
      endUse();
    }
  }

  /** Whether it was ended by this very failure. */
  boolean endedBy(Failure failure) {
    return state == failure;
  }

  /** Whether it may end before its results are there. */
  boolean canStop() {
    return !isAwaited() || options.isStoppable();
  }

  void expire() {
    settle(Failure.expired(options, isWaiting()));
  }

  void cancel() {
    settle(Failure.cancelled());
  }

  /** What may end the call early, which is to be closed when the call is over. */
  void setEarlyEnds(EarlyEnds earlyEnds) {
    this.earlyEnds = earlyEnds;
  }

  /** Tells the caller that it ended without results. */
  abstract void tell(Failure failure);

  /** How it ended: with results or a {@link Failure}. */
  Object end() {
    return state;
  }

  Tensor input(int index) {
    return in.tensor(index);
  }
}
