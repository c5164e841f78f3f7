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
          time.tokenizer     |           | % | Hone INT8, default: processor time of the tokenizer, of all
          time.tensors       |           | % | Hone INT8, default: processor time of making tensors of tokens and vectors of outputs, of all
          time.model         |           | % | Hone INT8, default: processor time of the model, as when it runs alone, of all
          time.rest          |           | % | Hone INT8, default: the remainder: processor time of threads, batches, padding and the JVM, less what batches save the model, of all
          time.model.twice   |           | % | what the model may take of its own processor time, for all to be twice as fast
          """;

  private EndToEndFigures() {}
}
