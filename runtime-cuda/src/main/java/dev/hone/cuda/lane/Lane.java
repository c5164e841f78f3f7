package dev.hone.cuda.lane;

import dev.hone.HoneException;
import dev.hone.InputCheck;
import dev.hone.StopSignal;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Three streams and two slots: one copies in, one computes, one copies out, and events order what
 * belongs together. So a run computes while the run before it is copied out and the run after it is
 * copied in.
 *
 * <p>A run goes {@link #submit}, {@link #await}, {@link #release}, each once, in one slot. Whatever
 * happens in between, the slot is free again only when the device does nothing in it any more.
 */
final class Lane implements AutoCloseable {
  /** Runs that a lane takes at once. */
  static final int SLOTS = 2;

  private static final int OWNED = 4 + SLOTS; // streams, the model, slots
  private static final long POLL_MILLIS = 5;

  // With room for all, so that nothing that was just opened can fail to be owned.
  private final List<AutoCloseable> owned = new ArrayList<>(OWNED);
  private final CudaDevice device;
  private final CudaStream copyIn;
  private final CudaStream compute;
  private final CudaStream copyOut;
  private final Execution execution;
  private final Graphs graphs;
  private final ReentrantLock computing = new ReentrantLock(true);
  private final List<Slot> slots = new ArrayList<>(SLOTS);

  Lane(
      CudaDevice device,
      StreamModel model,
      InputCheck check,
      LaneSettings settings,
      Graphs.Counters counters) {
    this.device = device;
    try {
      this.copyIn = own(device.openStream());
      this.compute = own(device.openStream());
      this.copyOut = own(device.openStream());
      this.execution = own(model.open(compute));
      this.graphs = new Graphs(device, execution, settings.maxGraphs(), counters);
      for (int i = 0; i < SLOTS; i++) {
        slots.add(own(new Slot(this, device, model, check, settings)));
      }
    } catch (RuntimeException | Error e) {
      closeOwned();
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T thing) {
    owned.add(thing);
    return thing;
  }

  List<Slot> slots() {
    return slots;
  }

  /**
   * Queues a run: its copies in, its computing, its copies out. The tensors that its ports name
   * must stay until {@link #await} has returned or thrown.
   *
   * @param stop may stop it while it is queued
   * @throws RuntimeException if it could not be queued; then nothing of it runs any more
   */
  void submit(Slot slot, @Nullable StopSignal stop) {
    try {
      GraphBucket bucket = graphs.bucket(slot);
      if (bucket != null) {
        slot.use(bucket);
      }
      slot.copyIn(copyIn);
      slot.placeOutputs();
      lock(stop);
      try {
        compute.waitFor(slot.copiedIn);
        if (bucket == null) {
          execution.run(slot.inputs, slot.outputs, stop == null ? null : stop.signal());
        } else {
          graphs.run(slot, bucket, stop);
        }
        compute.record(slot.computed);
        copyOut.waitFor(slot.computed);
        slot.copyOut(copyOut);
      } finally {
        computing.unlock();
      }
    } catch (RuntimeException | Error e) {
      drainAfter(e);
      throw e;
    }
  }

  private void lock(@Nullable StopSignal stop) {
    if (stop == null) {
      computing.lock();
      return;
    }
    boolean interrupted = false;
    while (true) {
      stop.throwIfStopped();
      try {
        if (computing.tryLock(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true; // as a native run, which knows no interrupts
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until a run has ended and its outputs are where they belong.
   *
   * @throws RuntimeException if it failed; then nothing of it runs any more
   */
  void await(Slot slot) {
    try {
      slot.done.await();
    } catch (RuntimeException | Error e) {
      drainAfter(e);
      throw e;
    }
    slot.collect();
  }

  /** Makes a slot free again whose run has ended. */
  void release(Slot slot) {
    slot.clear();
  }

  /**
   * Waits until nothing of a run that failed is on the lane any more.
   *
   * @throws HoneException if the device is lost by now, which is more to know than the failure that
   *     showed it
   */
  private void drainAfter(Throwable failure) {
    drain();
    if (failure instanceof HoneException
        && !CudaDevice.tellsOfLoss(String.valueOf(failure.getMessage()))) {
      try {
        device.check(0, "running");
      } catch (HoneException lost) {
        lost.addSuppressed(failure);
        throw lost;
      }
    }
  }

  /** Waits until nothing runs on the lane, or the device is lost. */
  private void drain() {
    copyIn.drain();
    compute.drain();
    copyOut.drain();
  }

  /** Closes in this order: work, then the model, then streams, then memory. */
  @Override
  public void close() {
    drain();
    closeOwned();
  }

  private void closeOwned() {
    // The model refers to its stream, so it goes first; the slots' memory goes last of all.
    owned.stream().filter(Execution.class::isInstance).forEach(Lane::closeQuietly);
    owned.stream().filter(CudaStream.class::isInstance).forEach(Lane::closeQuietly);
    owned.stream().filter(Slot.class::isInstance).forEach(Lane::closeQuietly);
    owned.clear();
  }

  private static void closeQuietly(AutoCloseable thing) {
    try {
      thing.close();
    } catch (Exception e) {
      System.getLogger("dev.hone.cuda").log(System.Logger.Level.WARNING, "Closing failed.", e);
    }
  }
}
