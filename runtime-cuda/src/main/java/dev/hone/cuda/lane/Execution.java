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

  @Override
  void close();
}
