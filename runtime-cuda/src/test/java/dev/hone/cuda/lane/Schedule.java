package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.StopSignal;
import dev.hone.Tensor;
import dev.hone.contract.ReferenceModel;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One random schedule on lanes, from a seed; in one thread, so that a seed is a repetition. */
final class Schedule {
  private static final ReferenceModel MODEL = ReferenceModel.affine();
  private static final CudaError[] ERRORS = {
    CudaError.INVALID_VALUE,
    CudaError.MEMORY_ALLOCATION,
    CudaError.UNKNOWN,
    CudaError.ILLEGAL_ADDRESS,
    CudaError.LAUNCH_FAILURE
  };

  private final Tally tally;
  private final Random random;
  private final long seed;
  private final FakeCuda cuda;
  private final CudaDevice device;
  private final List<Lane> lanes = new ArrayList<>();
  private final List<Slot> free = new ArrayList<>();
  private final List<Pending> pending = new ArrayList<>();
  private final Graphs.Counters graphs = new Graphs.Counters();
  private final int maxGraphs;
  private boolean mayFail;

  /** How often what happened, over many schedules. */
  static final class Tally {
    int answered;
    int cancelled;
    int dropped;
    int failed;
    int lost;
    int closedUnderWay;
    long replayed;

    @Override
    public String toString() {
      return answered
          + " runs answered, "
          + cancelled
          + " cancelled before they were queued and "
          + dropped
          + " after, "
          + failed
          + " failed, "
          + replayed
          + " were graphs; "
          + lost
          + " devices lost, "
          + closedUnderWay
          + " closed with runs under way";
    }
  }

  /**
   * A run that was submitted.
   *
   * @param in what the host knows of the inputs
   * @param out where the host wants the outputs
   * @param taken the inputs that the run takes: {@code in}, or what it became on the device
   * @param given the same for outputs
   * @param cancellation cancels it
   */
  private record Pending(
      Slot slot, Batch in, Batch out, Batch taken, Batch given, Cancellation cancellation) {
    void close() {
      in.close();
      out.close();
      taken.close();
      given.close();
    }
  }

  Schedule(long seed, Tally tally) {
    this.seed = seed;
    this.tally = tally;
    this.random = new Random(seed);
    this.cuda = new FakeCuda(random.nextLong());
    this.maxGraphs = random.nextInt(3);
    long pinnedBytes = random.nextInt(4) == 0 ? 8192 : Long.MAX_VALUE;
    this.device =
        new CudaDevice(
            cuda,
            "cuda:0",
            new MemoryLimits(
                Long.MAX_VALUE, random.nextInt(2) * 4096L, pinnedBytes, random.nextInt(2) * 4096L));
  }

  void run() {
    try {
      open();
      for (int steps = 5 + random.nextInt(maxGraphs > 0 ? 90 : 30); steps > 0; steps--) {
        step();
      }
      close();
    } catch (Throwable e) {
      throw new AssertionError("In the schedule of seed " + seed, e);
    }
  }

  private void open() {
    ReferenceStreamModel model = new ReferenceStreamModel(cuda, MODEL);
    InputCheck check = new InputCheck(MODEL.signature());
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      if (random.nextInt(10) == 0) {
        injectFailure();
      }
      try {
        Lane lane = new Lane(device, model, check, FakeLanes.settings(1, maxGraphs), graphs);
        lanes.add(lane);
        free.addAll(lane.slots());
      } catch (HoneException e) {
        failed(e);
      }
    }
  }

  private void step() {
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> submit();
      case 3, 4, 5 -> finish(false);
      case 6 -> finish(true);
      default -> {
        if (random.nextInt(6) == 0) {
          injectFailure();
        }
      }
    }
  }

  private void injectFailure() {
    mayFail = true;
    CudaError error = ERRORS[random.nextInt(ERRORS.length)];
    if (error.isSticky() && random.nextBoolean()) {
      cuda.failOperation(1 + random.nextInt(5), error);
    } else {
      cuda.failCall(1 + random.nextInt(20), error);
    }
  }

  private void submit() {
    if (free.isEmpty()) {
      return;
    }
    Slot slot = free.remove(random.nextInt(free.size()));
    int rows = rows();
    Batch in = Batch.of("x", tensor(Shape.of(rows, 3)));
    float[] values = new float[rows * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(100);
    }
    in.get("x").copyFrom(values);
    Batch out = Batch.of("y", tensor(Shape.of(rows, 2)));
    Cancellation cancellation = new Cancellation();
    Pending run = new Pending(slot, in, out, onDevice(in), onDevice(out), cancellation);
    slot.inputPositions[0] = 0;
    slot.want(run.taken);
    slot.want(0, run.given.get("y"));
    try (StopSignal stop = StopSignal.of(RunOptions.DEFAULT.withCancellation(cancellation), 0)) {
      if (random.nextInt(8) == 0) {
        cancellation.cancel();
      }
      slot.lane.submit(slot, random.nextBoolean() || cancellation.isCancelled() ? stop : null);
      assertThat(cancellation.isCancelled()).isFalse();
      pending.add(run);
    } catch (CancelledException e) {
      assertThat(cancellation.isCancelled()).isTrue();
      tally.cancelled++;
      end(run);
    } catch (HoneException e) {
      failed(e);
      end(run);
    }
  }

  /** Now and then, the same on the device; otherwise the batch itself. */
  private Batch onDevice(Batch host) {
    if (random.nextInt(maxGraphs > 0 ? 16 : 4) > 0) { // such a run becomes no graph
      return host;
    }
    try {
      Tensor there = DeviceTensors.allocate(device, host.tensor(0).shape());
      Batch moved = Batch.of(host.name(0), there);
      try {
        DeviceTensors.copyToDevice(device, host.tensor(0), there);
        return moved;
      } catch (HoneException e) {
        moved.close();
        throw e;
      }
    } catch (HoneException e) {
      failed(e);
      return host;
    }
  }

  /** Few sizes, so that some come back and become graphs; or many, so that memory has to grow. */
  private int rows() {
    if (maxGraphs > 0 && random.nextInt(8) > 0) {
      return 1 + random.nextInt(2);
    }
    return random.nextInt(5) == 0 ? random.nextInt(300) : random.nextInt(4);
  }

  private Tensor tensor(Shape shape) {
    long bytes = DataType.FLOAT32.byteSize(shape.elementCount());
    Memory pinned = random.nextBoolean() ? pinned(bytes) : null;
    return pinned == null
        ? Tensor.allocate(DataType.FLOAT32, shape)
        : Tensor.of(DataType.FLOAT32, shape, pinned);
  }

  private @Nullable Memory pinned(long bytes) {
    try {
      return device.pinned().takeIfThereIs(bytes);
    } catch (HoneException e) {
      failed(e);
      return null;
    }
  }

  /** Waits for a run, as a session does; a cancelled one's result is looked at by nobody. */
  private void finish(boolean cancelled) {
    if (pending.isEmpty()) {
      return;
    }
    Pending run = pending.remove(random.nextInt(pending.size()));
    try {
      run.slot.lane.await(run.slot);
      if (cancelled) {
        run.cancellation.cancel(); // too late for the device
        tally.dropped++;
      } else {
        if (run.given != run.out) {
          DeviceTensors.copyToHost(device, run.given.tensor(0), run.out.tensor(0));
        }
        MODEL.verify(run.in, run.out);
        tally.answered++;
      }
    } catch (HoneException e) {
      failed(e);
    }
    end(run);
  }

  private void end(Pending run) {
    run.slot.lane.release(run.slot);
    free.add(run.slot);
    run.close();
  }

  private void failed(HoneException e) {
    assertThat(mayFail).as("nothing was to fail, but: %s", e).isTrue();
    tally.failed++;
  }

  /** Either when all runs have ended, as a session does, or in the middle of them. */
  private void close() {
    if (random.nextBoolean()) {
      while (!pending.isEmpty()) {
        finish(random.nextBoolean());
      }
    }
    tally.closedUnderWay += pending.isEmpty() ? 0 : 1;
    lanes.forEach(Lane::close);
    pending.forEach(Pending::close);
    device.close();
    tally.replayed += graphs.stats().replayed();
    tally.lost += device.isLost() ? 1 : 0;
    assertThat(device.open()).isEmpty();
    assertThat(device.memory().stats().liveBytes()).isZero();
    assertThat(device.pinned().stats().liveBytes()).isZero();
    cuda.verifyClean();
  }
}
