package dev.hone.onnx.gpu;

import dev.hone.Signature;
import dev.hone.metrics.Recorder;

/**
 * A model that ONNX Runtime can make ready on a GPU, any number of times. Thread-safe. Closed by
 * the session that runs it, after all that it opened.
 */
public interface GpuModel extends AutoCloseable {
  /** Its name in events. */
  String name();

  /** What it takes and gives. */
  Signature signature();

  /** Told of each run. */
  Recorder recorder();

  /**
   * Makes it ready on a stream: its weights are in the device's memory once more. The caller closes
   * it before the stream.
   *
   * @param stream CUDA's handle of the stream
   * @param graphs whether its runs may become CUDA graphs; then all of them must be on one thread
   * @throws dev.hone.HoneException if it cannot be made ready there, or not with graphs: where
   *     nodes run on the CPU, or branches and loops are in it
   */
  StreamRuns open(long stream, boolean graphs);

  @Override
  void close();
}
