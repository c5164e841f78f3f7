package dev.hone.cuda.lane;

import dev.hone.Cancellation;
import org.jspecify.annotations.Nullable;

/** A model ready for runs on one stream; used by one thread at a time. */
public interface Execution extends AutoCloseable {
  /**
   * Queues one run. May return before it has computed, and may wait where a model needs it. Device
   * memory of the ports may be used by what is queued on the stream, and by nothing else.
   *
   * @param inputs one for each input of the signature
   * @param outputs one for each output. Those that are wanted and not on the device it {@linkplain
   *     Port#give gives} itself before it returns
   * @param stop when thrown, the run should end soon, with any exception; null: it will not be
   */
  void run(Port[] inputs, Port[] outputs, @Nullable Cancellation stop);

  /** Whether runs can become CUDA graphs: everything runs on the device, in one stream, at once. */
  default boolean capturesGraphs() {
    return false;
  }

  /**
   * Captures a run as a graph and queues it once. It came this way a few times before, at these
   * addresses; while this runs, nothing in the process allocates or waits.
   *
   * @param graph a number that was not used before
   * @throws dev.hone.HoneException if it cannot be captured; then nothing was queued, and no stream
   *     captures any more
   */
  default void capture(int graph, Port[] inputs, Port[] outputs) {
    throw new UnsupportedOperationException("This model captures no graphs.");
  }

  /** Queues a graph again. Its ports are where they were when it was captured. */
  default void runGraph(int graph, Port[] inputs, Port[] outputs) {
    throw new UnsupportedOperationException("This model captures no graphs.");
  }

  @Override
  void close();
}
