package dev.hone.benchmarks.batching;

import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Callers.Manner;
import dev.hone.benchmarks.measure.Entrant.Side;

/** A way to serve many callers of one model. */
enum Way {
  /** Unbatched, all cores for one call at a time. */
  DEFAULT("Session as it opens by default", Side.THEIRS),
  /** Unbatched, one thread for each call. */
  ONE_THREAD("Session, one thread for each call", Side.THEIRS),
  /** As one would write it in an afternoon. */
  FIFO("padded batches of 16, in order of arrival", Side.THEIRS),
  /** Ours, with callers that wait. */
  HONE("Hone: Batcher", Side.OURS),
  /** Ours, with callers that do not. */
  HONE_ASYNC("Hone: Batcher, runAsync", Side.OURS);

  /** What a reader calls it. */
  final String words;

  /** Whose it is. */
  final Side side;

  Way(String words, Side side) {
    this.words = words;
    this.side = side;
  }

  /** How callers call what it opens. */
  Manner manner() {
    return this == HONE_ASYNC ? Manner.ASYNC : Manner.BLOCKING;
  }

  /** Opens the model of a workload; the caller closes it. */
  Session open(Workload workload) {
    return switch (this) {
      case DEFAULT -> workload.open(0);
      case ONE_THREAD -> workload.open(1);
      case FIFO -> new FifoBatcher(workload.open(0));
      case HONE, HONE_ASYNC ->
          Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
    };
  }
}
