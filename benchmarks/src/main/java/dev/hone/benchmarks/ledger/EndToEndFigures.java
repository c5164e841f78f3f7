package dev.hone.benchmarks.ledger;

import static dev.hone.benchmarks.ledger.Figure.atLeast;

import java.util.List;

/** Embeddings from text. */
final class EndToEndFigures {
  static final List<Figure> ALL =
      List.of(
          atLeast(
              "endtoend.int8.their-fp32",
              2.3,
              "x",
              "Hone INT8, default: texts per second against langchain4j FP32"),
          atLeast(
              "endtoend.int8.their-int8",
              1.0,
              "x",
              "Hone INT8, default: texts per second against langchain4j's quantized file"),
          atLeast(
              "endtoend.int8.spearman",
              0.997,
              "",
              "rank correlation of Hone's INT8 similarities with FP32's"),
          atLeast(
              "endtoend.fastest.their-fp32",
              2.6,
              "x",
              "Hone INT8, fastest: texts per second against langchain4j FP32"),
          atLeast(
              "endtoend.fastest.their-int8",
              1.2,
              "x",
              "Hone INT8, fastest: texts per second against langchain4j's quantized file"),
          atLeast(
              "endtoend.fp32.their-fp32",
              1.2,
              "x",
              "Hone FP32, fused: texts per second against langchain4j FP32"),
          atLeast(
              "endtoend.fp32.cosine",
              0.9999,
              "",
              "smallest cosine of Hone's FP32 embeddings to langchain4j's"),
          atLeast(
              "endtoend.int8.fifo",
              4,
              "x",
              "Hone INT8, default: texts per second against padded FP32 batches of 16"));

  private EndToEndFigures() {}
}
