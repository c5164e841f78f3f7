package dev.hone.benchmarks.ledger;

/** What many callers gain. */
final class BatchingFigures {
  static final String TABLE =
      """
          gemm-large.callers     | >= 5      | x   | Gemm 1024-2048-2048-100, 64 blocking callers: throughput against tuned unbatched
          gemm-medium.async      | >= 3      | x   | Gemm 256-512-512-10, runAsync, 256 always under way: throughput against tuned unbatched with 64 callers
          gemm-medium.callers    | >= 1.8    | x   | Gemm 256-512-512-10, 64 blocking callers: throughput against tuned unbatched
          gemm-tiny              | >= 0.97   | x   | Gemm 16-32-4, where batching cannot pay: throughput against tuned unbatched
          minilm.short.fp32      | >= 1.6    | x   | MiniLM FP32, queries of 8 to 16 tokens, 64 callers: throughput against tuned unbatched
          minilm.short.int8      | >= 1.3    | x   | MiniLM INT8, queries of 8 to 16 tokens, 64 callers: throughput against tuned unbatched
          minilm.mixed.fp32      | >= 1.15   | x   | MiniLM FP32, texts of mixed length, 64 callers: throughput against tuned unbatched
          minilm.mixed.int8      | >= 1.05   | x   | MiniLM INT8, texts of mixed length, 64 callers: throughput against tuned unbatched
          minilm.mixed.fp32.fifo | >= 2.5    | x   | MiniLM FP32, texts of mixed length: throughput against padded batches of 16 in order of arrival
          minilm.mixed.int8.fifo | >= 2.5    | x   | MiniLM INT8, texts of mixed length: throughput against padded batches of 16 in order of arrival
          worst                  | >= 0.97   | x   | the worst of all the Gemms and MiniLM, with 1, 8 and 64 callers: throughput against tuned unbatched
          worst.others           | >= 0.97   | x   | the worst of digits, PP-OCR orientation, and PP-OCR recognition and BGE in FP32 and INT8 with lines and texts of mixed length, with 1, 8 and 64 callers: throughput against tuned unbatched
          oracle                 | >= 90     | %   | throughput at saturation, of max over b of b / T(b); the worst of all models but Gemm 16-32-4
          oracle.gemm-tiny         |         | %   | Gemm 16-32-4, where batching cannot pay: throughput at saturation, of that
          oracle.gemm-medium       |         | %   | Gemm 256-512-512-10: throughput at saturation, of that
          oracle.gemm-large        |         | %   | Gemm 1024-2048-2048-100: throughput at saturation, of that
          oracle.minilm.short.fp32 |         | %   | MiniLM FP32, queries of 8 to 16 tokens: throughput at saturation, of that
          oracle.minilm.short.int8 |         | %   | MiniLM INT8, queries of 8 to 16 tokens: throughput at saturation, of that
          oracle.minilm.mixed.fp32 |         | %   | MiniLM FP32, texts of mixed length: throughput at saturation, of that
          oracle.minilm.mixed.int8 |         | %   | MiniLM INT8, texts of mixed length: throughput at saturation, of that
          open-loop              | >= 80     | %   | MiniLM, short queries: highest Poisson rate with p99 <= 5 T(1), of max over b of b / T(b)
          open-loop.unbatched    |           | %   | MiniLM, short queries, a thread for each core and no batches: highest Poisson rate with p99 <= 5 T(1), of that
          open-loop.ideal        |           | %   | MiniLM, short queries, a batcher that costs nothing, simulated with the times of batches: highest Poisson rate with p99 <= 5 T(1), of that
          idle.blocking          | <= 10     | us  | Gemm 256-512-512-10, one caller, idle: p50 of run above that of the plain session
          idle.async             | <= 60     | us  | Gemm 256-512-512-10, one caller, idle: p50 of runAsync above that of the plain session
          null.rate              | >= 200000 | 1/s | requests per second through the batcher over a model that does nothing
          null.cpu               | <= 2      | us  | model that does nothing: processor time for one request through the batcher
          null.heap              | <= 256    | B   | model that does nothing: heap for one request through the batcher
          padding                | >= 0.85   |     | real tokens of all tokens computed, at saturation
          overload.useful        | >= 90     | %   | useful throughput at twice the capacity, of the peak
          overload.reject        | <= 1      | ms  | p99 of the time until a request is refused
          overload.recovery      | <= 2      | s   | time until latency is normal again
          tenants                | <= 1      | x   | light tenant's p99 beside a heavy one that asks for 10 times of what can be served, of twice its p99 alone plus one batch
          """;

  private BatchingFigures() {}
}
