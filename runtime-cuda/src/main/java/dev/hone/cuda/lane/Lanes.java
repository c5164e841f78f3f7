package dev.hone.cuda.lane;

import dev.hone.InputCheck;
import dev.hone.StopSignal;
import dev.hone.cuda.device.CudaDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lanes of a session, who has which slot, and which calls are under way. Closing refuses new
 * calls, waits for those under way, and then closes the lanes, once.
 */
final class Lanes implements AutoCloseable {
  private static final long POLL_NANOS = 5_000_000;

  private final String name;
  private final Runnable whenClosed;
  private final Graphs.Counters graphs = new Graphs.Counters();
  private final List<Lane> lanes;
  private final List<Slot> slots = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition slotGiven = lock.newCondition();
  private final Condition callEnded = lock.newCondition();
  private final boolean[] taken;
  private int calls;
  private boolean closing;

  /** Opens the lanes; what could not be opened in full is closed again, but for the device. */
  Lanes(
      CudaDevice device,
      StreamModel model,
      InputCheck check,
      LaneSettings settings,
      Runnable whenClosed) {
    this.name = settings.name();
    this.whenClosed = whenClosed;
    this.lanes = new ArrayList<>(settings.lanes()); // no lane that is open fails to get in
    try {
      for (int i = 0; i < settings.lanes(); i++) {
        lanes.add(new Lane(device, model, check, settings, graphs));
      }
      lanes.forEach(lane -> slots.addAll(lane.slots()));
      this.taken = new boolean[slots.size()];
    } catch (RuntimeException | Error e) {
      lanes.forEach(Lane::close);
      throw e;
    }
  }

  GraphStats graphs() {
    return graphs.stats();
  }

  /** What the first failure to capture a graph said; null if there was none. */
  @Nullable String graphFailure() {
    return graphs.failure();
  }

  /**
   * Begins a call, which {@link #exit} ends.
   *
   * @throws IllegalStateException if the session is closed
   */
  void enter() {
    lock.lock();
    try {
      if (closing) {
        throw new IllegalStateException(
            "The session of '"
                + name
                + "' was closed. Close it only when nothing uses it any more.");
      }
      calls++;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a call. */
  void exit() {
    lock.lock();
    try {
      calls--;
      callEnded.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a slot, of the lane that has least to do. Between {@link #enter} and exit. */
  Slot take(@Nullable StopSignal stop) {
    boolean interrupted = false;
    lock.lock();
    try {
      while (true) {
        if (stop != null) {
          stop.throwIfStopped();
        }
        int index = leastBusy();
        if (index >= 0) {
          taken[index] = true;
          return slots.get(index);
        }
        try {
          if (stop == null) {
            slotGiven.await();
          } else {
            slotGiven.awaitNanos(POLL_NANOS); // who stops it does not know this lock
          }
        } catch (InterruptedException e) {
          interrupted = true; // as a native run, which knows no interrupts
        }
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private int leastBusy() {
    int best = -1;
    int bestBusy = Integer.MAX_VALUE;
    int each = slots.size() / lanes.size();
    for (int lane = 0; lane < lanes.size(); lane++) {
      int busy = 0;
      int free = -1;
      for (int i = lane * each; i < (lane + 1) * each; i++) {
        busy += taken[i] ? 1 : 0;
        free = taken[i] ? free : i;
      }
      if (free >= 0 && busy < bestBusy) {
        bestBusy = busy;
        best = free;
      }
    }
    return best;
  }

  void give(Slot slot) {
    slot.lane.release(slot);
    lock.lock();
    try {
      taken[slots.indexOf(slot)] = false;
      slotGiven.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      boolean first = !closing;
      closing = true;
      while (calls > 0) {
        callEnded.awaitUninterruptibly();
      }
      if (!first) {
        return;
      }
    } finally {
      lock.unlock();
    }
    lanes.forEach(Lane::close);
    whenClosed.run();
  }
}
