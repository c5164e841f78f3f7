package dev.hone.benchmarks.ledger;

/** Embeddings from text. */
final class EndToEndFigures {
  static final String TABLE =
      """
          int8.their-fp32    | >= 2.3    | x | Hone INT8, default: texts per second against langchain4j FP32
          int8.their-int8    | >= 1.0    | x | Hone INT8, default: texts per second against langchain4j's quantized file
          int8.spearman      | >= 0.997  |   | rank correlation of Hone's INT8 similarities with FP32's
          fastest.their-fp32 | >= 2.6    | x | Hone INT8, fastest: texts per second against langchain4j FP32
          fastest.their-int8 | >= 1.2    | x | Hone INT8, fastest: texts per second against langchain4j's quantized file
          fp32.their-fp32    | >= 1.2    | x | Hone FP32, fused: texts per second against langchain4j FP32
          fp32.cosine        | >= 0.9999 |   | smallest cosine of Hone's FP32 embeddings to langchain4j's
          int8.fifo          | >= 4      | x | Hone INT8, default: texts per second against padded FP32 batches of 16
          """;

  private EndToEndFigures() {}
}
