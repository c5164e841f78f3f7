package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.RunOptions;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A call for which its caller blocks. */
final class BlockingRequest extends Request {
  private final @Nullable Batch out;
  private final Thread waiter = Thread.currentThread();
  private boolean endedHere; // without results, by who waits
  private volatile boolean isWrittenTo; // a run may write the targets: the caller waits for it
  private volatile boolean parks; // waking costs time: who runs its own batch needs it not
  private @Nullable BlockingRequest wakesNext; // written before the end, read by the waiter after

  /** Made by the thread that is going to wait. */
  BlockingRequest(
      RequestEvents events,
      Kind kind,
      Batch in,
      @Nullable Batch out,
      int length,
      long costNanos,
      RunOptions options,
      long begunNanos) {
    super(events, kind, in, length, costNanos, options, begunNanos);
    this.out = out;
    this.isWrittenTo = out != null && kind.runsAlone();
  }

  @Override
  void holdTensors() {
    super.holdTensors();
    if (out != null) {
      try {
        out.hold();
      } catch (RuntimeException e) {
        in.release();
        throw e;
      }
    }
  }

  @Override
  void releaseTensors() {
    super.releaseTensors();
    if (out != null) {
      out.release();
      if (isWrittenTo) {
        isWrittenTo = false;
        wake();
      }
    }
  }

  @Override
  @Nullable Batch out() {
    return out;
  }

  @Override
  boolean isAwaited() {
    return true;
  }

  @Override
  void joinTold(Flight from) {
    wakesNext = from.wakes.add(this);
  }

  @Override
  void tell(Failure failure) {
    if (Thread.currentThread() == waiter) {
      endedHere = true;
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

  /**
   * Blocks until the call is over, and nobody writes its targets any more. Whoever waits must come
   * here, whatever happens: the next in its chain is woken from here.
   */
  Batch await() {
    boolean interrupted = false;
    parks = true;
    while (isLive() || isWrittenTo) {
      if (hasDeadline() && isLive()) {
        long left = deadlineNanos() - System.nanoTime();
        if (left <= 0) {
          expire();
        } else {
          LockSupport.parkNanos(this, left);
        }
      } else {
        LockSupport.park(this);
      }
      if (Thread.interrupted()) {
        interrupted = true; // the caller shall know
        settleWaiting(Failure.interrupted()); // a run that has begun cannot be interrupted
      }
    }
    BlockingRequest next = wakesNext;
    if (next != null) {
      next.wake();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return Failure.outcome(end(), endedHere);
  }
}
