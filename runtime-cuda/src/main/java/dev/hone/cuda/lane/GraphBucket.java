package dev.hone.cuda.lane;

import dev.hone.Shape;
import dev.hone.cuda.device.CudaDevice;
import org.jspecify.annotations.Nullable;

/**
 * Runs of the same shapes in one slot, and memory that is theirs alone: a graph has the addresses
 * that it was captured with, so they must never change.
 */
final class GraphBucket implements AutoCloseable {
  private static final int ORDINARY_RUNS = 2;
  private static final int MOST_ORDINARY_RUNS = 256;

  final PortBuffers buffers;
  int graph = -1;

  private final @Nullable Shape[] inputs;
  private final @Nullable Shape[] outputs;
  private int ordinaryRuns = ORDINARY_RUNS;
  private int ordinaryLeft = ORDINARY_RUNS;
  private boolean captured;
  private boolean refused;

  /** What the next run of a bucket is. */
  enum Step {
    ORDINARY,
    CAPTURE,
    REPLAY
  }

  GraphBucket(CudaDevice device, Slot slot) {
    this.inputs = shapes(slot.inputs);
    this.outputs = shapes(slot.outputs);
    this.buffers = new PortBuffers(device, inputs.length, outputs.length);
  }

  private static @Nullable Shape[] shapes(Port[] ports) {
    @Nullable Shape[] shapes = new Shape[ports.length];
    for (int i = 0; i < shapes.length; i++) {
      shapes[i] = ports[i].isWanted() ? ports[i].shape() : null;
    }
    return shapes;
  }

  /** Whether a slot's run is one of these. */
  boolean fits(Slot slot) {
    return fits(inputs, slot.inputs) && fits(outputs, slot.outputs);
  }

  private static boolean fits(@Nullable Shape[] shapes, Port[] ports) {
    for (int i = 0; i < shapes.length; i++) {
      Shape shape = shapes[i];
      if (ports[i].isWanted() != (shape != null)
          || (shape != null && !shape.equals(ports[i].shape()))) {
        return false;
      }
    }
    return true;
  }

  Step nextStep() {
    if (captured) {
      return Step.REPLAY;
    }
    if (refused) {
      return Step.ORDINARY;
    }
    if (ordinaryLeft > 0) {
      ordinaryLeft--;
      return Step.ORDINARY;
    }
    return Step.CAPTURE;
  }

  /**
   * Others were busy, so it is to be captured at a later run. Each time after twice as many,
   * because to try costs a moment.
   */
  void postpone() {
    ordinaryRuns = Math.min(2 * ordinaryRuns, MOST_ORDINARY_RUNS);
    ordinaryLeft = ordinaryRuns;
  }

  void captured() {
    captured = true;
  }

  void refuse() {
    refused = true;
  }

  @Override
  public void close() {
    buffers.close();
  }
}
