package dev.hone.cuda.lane;

import dev.hone.HoneException;
import dev.hone.StopSignal;
import dev.hone.cuda.device.CaptureLock;
import dev.hone.cuda.device.CudaDevice;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Which runs of a lane become graphs. A run of shapes that came before has a {@link GraphBucket} in
 * its slot; the first runs of a bucket are ordinary, so that all memory is there and all kernels
 * are chosen, the next one is captured, alone in the process, and the later ones are replays. Where
 * others are busy for long, the run is ordinary too, and a later one is captured. What cannot be
 * captured runs without a graph, and is counted.
 */
final class Graphs {
  private static final System.Logger LOGGER = System.getLogger("dev.hone.cuda");
  private static final long MOST_WAITING_MILLIS = 2;

  private final CudaDevice device;
  private final Execution execution;
  private final int maxBuckets;
  private final Counters counters;
  private int nextGraph;

  /** Counts for a session. */
  static final class Counters {
    final LongAdder captured = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder replayed = new LongAdder();
    private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

    GraphStats stats() {
      return new GraphStats(captured.sum(), refused.sum(), replayed.sum());
    }

    void failed(@Nullable String message) {
      failure.compareAndSet(null, message);
    }

    /** What the first failure to capture said; null if there was none. */
    @Nullable String failure() {
      return failure.get();
    }
  }

  Graphs(CudaDevice device, Execution execution, int maxBuckets, Counters counters) {
    this.device = device;
    this.execution = execution;
    this.maxBuckets = execution.capturesGraphs() ? maxBuckets : 0;
    this.counters = counters;
  }

  /** The bucket for the run that a slot has; null: no graph for this one. */
  @Nullable GraphBucket bucket(Slot slot) {
    if (maxBuckets == 0 || !slot.isAllOnDevice() || slot.usesMemoryOfCaller()) {
      return null;
    }
    for (GraphBucket bucket : slot.buckets) {
      if (bucket.fits(slot)) {
        return bucket;
      }
    }
    if (slot.buckets.size() >= maxBuckets) {
      counters.refused.increment();
      return null;
    }
    GraphBucket bucket = new GraphBucket(device, slot);
    slot.buckets.add(bucket);
    return bucket;
  }

  /** Queues a run in its bucket. By who computes on the lane. */
  void run(Slot slot, GraphBucket bucket, @Nullable StopSignal stop) {
    switch (bucket.nextStep()) {
      case ORDINARY ->
          execution.run(slot.inputs, slot.outputs, stop == null ? null : stop.signal());
      case REPLAY -> {
        execution.runGraph(bucket.graph, slot.inputs, slot.outputs);
        counters.replayed.increment();
      }
      case CAPTURE -> capture(slot, bucket, stop);
    }
  }

  private void capture(Slot slot, GraphBucket bucket, @Nullable StopSignal stop) {
    if (!isAlone()) {
      bucket.postpone();
    } else if (captured(slot, bucket)) {
      return;
    }
    execution.run(slot.inputs, slot.outputs, stop == null ? null : stop.signal());
  }

  /**
   * Keeps the others away, if that goes at once or nearly so. Who captures must not wait for them
   * for long: they stand behind it meanwhile, an opening takes seconds, and one of them may hold
   * the lock on this thread, or wait for one that stands behind.
   */
  private static boolean isAlone() {
    try {
      return CaptureLock.capturing().tryLock(MOST_WAITING_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // as a native run, which knows no interrupts
      return false;
    }
  }

  /** Captures, by who is alone, and lets the others go on. */
  private boolean captured(Slot slot, GraphBucket bucket) {
    try {
      bucket.graph = nextGraph++;
      execution.capture(bucket.graph, slot.inputs, slot.outputs);
      bucket.captured();
      counters.captured.increment();
      return true;
    } catch (HoneException e) {
      bucket.refuse();
      counters.refused.increment();
      counters.failed(e.getMessage());
      if (device.isLost()) {
        throw e;
      }
      LOGGER.log(
          System.Logger.Level.WARNING,
          "Runs of these shapes go on without a CUDA graph, because capturing one failed: {0}",
          e.getMessage());
      return false;
    } finally {
      CaptureLock.capturing().unlock();
    }
  }
}
