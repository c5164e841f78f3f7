package dev.hone.benchmarks.inputs;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnx.proto.OnnxMl.ModelProto;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Models that turn a text into a vector of 384 numbers, as langchain4j publishes them: in FP32, and
 * as INT8 made by ONNX Runtime's Python tool.
 *
 * <p>They take {@code input_ids}, {@code attention_mask} and {@code token_type_ids} as INT64[batch,
 * length] and give FLOAT32[batch, length, 384].
 */
public enum TextModel {
  /** Six layers; a text's vector is the mean of those of its tokens. */
  MINILM("MiniLM", "all-minilm-l6-v2", true),
  /** Twelve layers; a text's vector is that of its first token. */
  BGE("BGE-small", "bge-small-en-v1.5", false);

  /** Values of a vector. */
  public static final int WIDTH = 384;

  /** Where texts are cut, in tokens: there their tokenizer's own file cuts them. */
  public static final int CUT = 128;

  private static final int EXAMPLES = 100;
  private static final long BEGIN = 101;
  private static final long END = 102;

  private final String words;
  private final String file;
  private final boolean mean;

  TextModel(String words, String file, boolean mean) {
    this.words = words;
    this.file = file;
    this.mean = mean;
  }

  /** What a reader calls it. */
  public String words() {
    return words;
  }

  /** The FP32 file. */
  public Model model() {
    return Model.loadResource(TextModel.class, "/" + file + ".onnx");
  }

  /** The weights of its products, from the FP32 file. */
  public List<Matrix> weights() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(TextModel.class.getResourceAsStream("/" + file + ".onnx"))) {
      return Matrix.of(ModelProto.parseFrom(in));
    }
  }

  /** The published INT8 file. */
  public Model publishedInt8() {
    return Model.loadResource(TextModel.class, "/" + file + "-q.onnx");
  }

  /** Its tokenizer; it cuts texts and pads nothing. Safe to share between threads. */
  public HuggingFaceTokenizer tokenizer(int longest) throws IOException {
    try (InputStream json =
        Objects.requireNonNull(
            TextModel.class.getResourceAsStream("/" + file + "-tokenizer.json"))) {
      return HuggingFaceTokenizer.newInstance(
          json,
          Map.of("padding", "false", "truncation", "true", "maxLength", String.valueOf(longest)));
    }
  }

  /** The tokens of each text, cut at 128. */
  public long[][] tokens(List<String> texts) throws IOException {
    try (HuggingFaceTokenizer tokenizer = tokenizer(CUT)) {
      return Arrays.stream(tokenizer.batchEncode(texts))
          .map(encoding -> encoding.getIds())
          .toArray(long[][]::new);
    }
  }

  /** A hundred texts as inputs of one row each, to calibrate with. The caller closes them. */
  public List<Batch> examples() throws IOException {
    return Arrays.stream(tokens(Texts.mixed(EXAMPLES, 11)))
        .map(text -> batch(new long[][] {text}))
        .toList();
  }

  /** The tokens of so many texts that are not among the {@link #examples}. */
  public long[][] checks(int count) throws IOException {
    return tokens(Texts.mixed(EXAMPLES + count, 11).subList(EXAMPLES, EXAMPLES + count));
  }

  /** Rows of exactly this length, cut from the tokens of these texts one after the other. */
  public static long[][] rowsOf(int rows, int length, long[][] texts) {
    long[] stream =
        Arrays.stream(texts)
            .flatMapToLong(text -> Arrays.stream(text, 1, text.length - 1))
            .toArray();
    long[][] result = new long[rows][length];
    for (int row = 0; row < rows; row++) {
      result[row][0] = BEGIN;
      for (int i = 1; i < length - 1; i++) {
        result[row][i] = stream[(row * length + i) % stream.length];
      }
      result[row][length - 1] = END;
    }
    return result;
  }

  /** The inputs for these texts, padded to the longest. */
  public static Batch batch(long[][] tokens) {
    long[][] mask = new long[tokens.length][];
    for (int row = 0; row < tokens.length; row++) {
      mask[row] = new long[tokens[row].length];
      Arrays.fill(mask[row], 1);
    }
    long[][] ids = Batch.pad(tokens, 0);
    return Batch.of(
        "input_ids", Tensor.of(ids),
        "attention_mask", Tensor.of(Batch.pad(mask, 0)),
        "token_type_ids", Tensor.of(new long[ids.length][ids[0].length]));
  }

  /**
   * The vectors of the texts, of length 1.
   *
   * @param hidden the model's output for the batch of these tokens
   */
  public float[][] vectors(float[] hidden, long[][] tokens) {
    int stride = hidden.length / tokens.length;
    float[][] vectors = new float[tokens.length][WIDTH];
    for (int row = 0; row < tokens.length; row++) {
      int count = mean ? tokens[row].length : 1;
      float[] vector = vectors[row];
      for (int i = 0; i < count * WIDTH; i++) {
        vector[i % WIDTH] += hidden[row * stride + i];
      }
      double square = 0;
      for (float value : vector) {
        square += (double) value * value;
      }
      for (int i = 0; i < WIDTH; i++) {
        vector[i] /= (float) Math.sqrt(square); // dividing by the count would cancel out
      }
    }
    return vectors;
  }
}
