package dev.hone.onnx.gpu;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A model ready for runs on one stream of a device, one at a time, with inputs and outputs where
 * they are told. A run is {@link #begin}, then one call for each input and output that takes part,
 * then {@link #run}. What is told again as it was told last costs nothing.
 *
 * <p>Used by one thread at a time; opened for graphs, by the same thread for all runs.
 */
public interface StreamRuns extends AutoCloseable {
  /** Begins to describe a run. */
  void begin();

  /**
   * An input.
   *
   * @param input its place in the signature
   * @param tensor tells type and shape, and is where the values lie if they are with the host;
   *     borrowed until the run has ended
   * @param deviceAddress where they lie in the device's memory; 0 if they are with the host
   */
  void input(int input, Tensor tensor, long deviceAddress);

  /**
   * An output into the device's memory.
   *
   * @param output its place in the signature
   * @param tensor tells type and shape
   * @param deviceAddress where it shall be
   * @throws IllegalArgumentException if it is an input that the model hands through, which ONNX
   *     Runtime would not write there: take it to the host
   */
  void output(int output, Tensor tensor, long deviceAddress);

  /**
   * An output that the run brings to the host, as a new tensor, because only the run tells its
   * shape.
   *
   * @param output its place in the signature
   */
  void outputToHost(int output);

  /**
   * Queues the run. If outputs go to the host, waits until they are there; otherwise it may return
   * before the device has computed.
   *
   * @param stop when thrown, the run ends soon, with an exception; null: it will not be
   * @return what went to the host, by name, owned by the caller; an optional output may be missing
   * @throws dev.hone.HoneException if the run failed or was stopped
   */
  Batch run(@Nullable Cancellation stop);

  /**
   * Queues the run as a CUDA graph. The first time with a number it runs a few times, is captured,
   * and may allocate; later what was captured then is queued again, from and to the addresses of
   * then. Only where it was opened for graphs, with every input and output on the device.
   *
   * @param graph the number, from 0
   * @throws dev.hone.HoneException if it failed or cannot be captured
   */
  void runGraph(int graph);

  @Override
  void close();
}
