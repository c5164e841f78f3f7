package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Tensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One call that waits for its turn.
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
final class Request {
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

  /** A final state without results. */
  record Failure(Throwable cause) {}

  /** What a request tells its batcher. */
  interface Events {
    /** It ended before anything of it ran. */
    void leftQueue(Request request);

    /** It is going to end with results, the last of which came from this flight. */
    void answered(Request request, Flight flight);

    /** It ended, with a {@link Batch} or a {@link Failure}, and nobody blocks for it. */
    void completed(RequestFuture future, Object outcome);
  }

  final Events events;
  final Kind kind;
  final Batch in;
  final @Nullable Batch out;
  final int rows;
  final int length;
  final long bytes;
  final long costNanos; // predicted, as a part of a good batch
  final RunOptions.Priority priority;
  final String tenant;
  final long begunNanos; // when it was called
  final long submittedNanos; // when it was found good
  final long deadlineNanos; // by System.nanoTime; meaningless unless hasDeadline
  final boolean hasDeadline;
  final @Nullable Cancellation cancellation;
  @Nullable RequestFuture future;
  private @Nullable Thread waiter;
  private volatile boolean parks; // waking costs time: who runs its own batch needs it not
  private @Nullable Request wakesNext; // written before the final state, read by the waiter after
  private volatile Cancellation.@Nullable Registration registration;
  private volatile Cancellation.@Nullable Registration secondRegistration;

  // Guarded by the forming lock.
  @Nullable Request next;
  @Nullable Request previous;
  int takenRows;

  private volatile @Nullable Flight flight; // the first; one of several need not be told

  // Guarded by DELIVERING.
  private @Nullable Batch parts; // results of a call that runs in parts
  private int undelivered; // rows

  @SuppressWarnings("FieldMayBeFinal") // written through STATE
  private volatile Object state = Phase.WAITING;

  @SuppressWarnings({"unused", "UnusedVariable"}) // written through USES
  private volatile int uses = 1;

  Request(
      Events events,
      Kind kind,
      Batch in,
      @Nullable Batch out,
      int length,
      long costNanos,
      RunOptions options,
      long begunNanos) {
    this.events = events;
    this.kind = kind;
    this.in = in;
    this.out = out;
    this.rows = (int) in.tensor(0).shape().rows();
    this.length = length;
    this.bytes = kind.rowBytes(length) * rows;
    this.costNanos = costNanos;
    this.priority = options.priority();
    this.tenant = options.tenant();
    this.begunNanos = begunNanos;
    this.submittedNanos = System.nanoTime();
    this.hasDeadline = options.timeoutNanos() != 0;
    this.deadlineNanos = begunNanos + options.timeoutNanos();
    this.cancellation = options.cancellation().orElse(null);
    this.undelivered = rows;
  }

  /**
   * Keeps inputs and targets alive until the call is over.
   *
   * @throws IllegalStateException if one of them is closed
   */
  void holdTensors() {
    in.hold();
    if (out != null) {
      try {
        out.hold();
      } catch (RuntimeException e) {
        in.release();
        throw e;
      }
    }
  }

  void addUse() {
    USES.getAndAdd(this, 1);
  }

  void endUse() {
    if ((int) USES.getAndAdd(this, -1) == 1) {
      in.release();
      if (out != null) {
        out.release();
      }
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
    return STATE.compareAndSet(this, Phase.WAITING, Phase.RUNNING);
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

  @Nullable Batch parts() {
    return parts;
  }

  void setParts(Batch parts) {
    this.parts = parts;
  }

  /** Ends the writing of so many rows; with the last row the call is answered. */
  void endDelivery(Flight from, int delivered, Batch results) {
    undelivered -= delivered;
    if (undelivered > 0) {
      state = Phase.RUNNING;
      return;
    }
    parts = null;
    try {
      events.answered(this, from);
    } finally {
      if (future == null) {
        wakesNext = from.wakes.add(this);
      }
      state = results;
      if (future == null) {
        stopListening();
      } else {
        announce(results);
      }
    }
  }

  /** Ends a writing that failed. */
  void abortDelivery(Throwable cause) {
    state = Phase.RUNNING;
    settle(cause);
  }

  /** Ends the call without results; false if it had ended before. */
  boolean settle(Throwable cause) {
    while (true) {
      Object seen = state;
      if (!(seen instanceof Phase)) {
        return false;
      }
      if (seen == Phase.DELIVERING) {
        pause();
        continue;
      }
      Failure failure = new Failure(cause);
      if (STATE.compareAndSet(this, seen, failure)) {
        Batch unfinished = parts;
        if (unfinished != null) {
          unfinished.close();
        }
        if (seen == Phase.WAITING) {
          events.leftQueue(this);
          endUse();
        } else {
          Flight by = flight;
          if (by != null) {
            by.abandonedByOne();
          }
        }
        announce(failure);
        return true;
      }
    }
  }

  /** Whether it may end before its results are there. */
  boolean canStop() {
    return hasDeadline || cancellation != null || future != null;
  }

  void expire() {
    settle(
        new DeadlineException(
            "The deadline passed "
                + (isWaiting() ? "while the call waited in the queue" : "while the batch ran")
                + ", "
                + (deadlineNanos - begunNanos) / 1_000_000
                + " ms after the call. Allow more time, or shed load earlier."));
  }

  void cancel() {
    settle(new CancelledException("The call was cancelled by its caller."));
  }

  /** Something that may end the call; given up when the call is over. At most two, in turn. */
  void listenTo(Cancellation.Registration mine) {
    if (registration == null) {
      registration = mine;
    } else {
      secondRegistration = mine;
    }
    if (!isLive()) {
      stopListening(); // the end may have come before it could see this
    }
  }

  private void stopListening() {
    Cancellation.Registration first = registration;
    if (first != null) {
      first.close();
    }
    Cancellation.Registration second = secondRegistration;
    if (second != null) {
      second.close();
    }
  }

  private void announce(Object outcome) {
    stopListening();
    RequestFuture asynchronous = future;
    if (asynchronous != null) {
      events.completed(asynchronous, outcome);
    } else {
      wake();
    }
  }

  /** Wakes who blocks; that may come late or twice, as it looks at the state by itself. */
  void wake() {
    if (parks) {
      LockSupport.unpark(waiter);
    }
  }

  /** Says who is going to wait; before the request is seen by any other thread. */
  void setWaiter(Thread thread) {
    waiter = thread;
  }

  /**
   * Blocks until the call is over. Whoever waits must come here, whatever happens: the next in its
   * chain is woken from here.
   */
  Batch await() {
    boolean interrupted = false;
    parks = true;
    while (isLive()) {
      if (hasDeadline) {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0) {
          expire();
        } else {
          LockSupport.parkNanos(this, left);
        }
      } else {
        LockSupport.park(this);
      }
      interrupted |= Thread.interrupted(); // a run cannot be interrupted; the caller shall know
    }
    Request next = wakesNext;
    if (next != null) {
      next.wake();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return outcome(state);
  }

  private static Batch outcome(Object end) {
    if (end instanceof Batch results) {
      return results;
    }
    Throwable cause = ((Failure) end).cause();
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    throw new IllegalStateException("A session threw a checked exception.", cause);
  }

  Tensor input(int index) {
    return in.tensor(index);
  }
}
