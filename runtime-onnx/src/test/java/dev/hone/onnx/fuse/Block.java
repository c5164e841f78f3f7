package dev.hone.onnx.fuse;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Tensor;
import dev.hone.onnx.graph.ModelData;
import java.util.Random;

/** Small transformers of two layers, written as exporters write them. */
final class Block {
  static final int HEADS = 4;
  static final int SIZE = 8;
  static final int WIDTH = HEADS * SIZE;
  static final int LAYERS = 2;

  private Block() {}

  /** Rows of random numbers for all models here, with padding of every kind. */
  static Batch input(int rows, int length) {
    Random random = new Random(7);
    float[] x = new float[rows * length * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Batch.of(
        "x",
        Tensor.of(x, rows, length, WIDTH),
        "attention_mask",
        Tensor.of(Tokens.mask(rows, length)));
  }

  /** Encoders that normalize behind each sum: BERT and what came of it. */
  static ModelData encoder(long opset, AttentionStyle attention, MaskStyle mask) {
    Exporter e = new Exporter(opset);
    String x = e.input("x", DataType.FLOAT32, "batch", "sequence", WIDTH);
    String given = e.input("attention_mask", DataType.INT64, "batch", "sequence");
    String made = mask.make(e, given, x);
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "layer." + layer;
      String context = attention.attend(e, x, made, mask, name + ".attention");
      String sum = e.op("Add", e.linear(context, name + ".output", WIDTH, WIDTH), x);
      x = e.layerNorm(sum, name + ".norm1", WIDTH);
      x = e.layerNorm(e.op("Add", feedForward(e, x, name), x), name + ".norm2", WIDTH);
    }
    e.output(x);
    return e.model();
  }

  /** Encoders that normalize what goes into each block: vision transformers. */
  static ModelData preNormalized(long opset, AttentionStyle attention) {
    Exporter e = new Exporter(opset);
    String x = e.input("x", DataType.FLOAT32, "batch", "sequence", WIDTH);
    e.input("attention_mask", DataType.INT64, "batch", "sequence");
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "layer." + layer;
      String normalized = e.layerNorm(x, name + ".norm1", WIDTH);
      String context = attention.attend(e, normalized, "", MaskStyle.NONE, name + ".attention");
      x = e.op("Add", e.linear(context, name + ".output", WIDTH, WIDTH), x);
      normalized = e.layerNorm(x, name + ".norm2", WIDTH);
      x = e.op("Add", feedForward(e, normalized, name), x);
    }
    e.output(e.layerNorm(x, "norm", WIDTH));
    return e.model();
  }

  private static String feedForward(Exporter e, String x, String name) {
    String inner = e.gelu(e.linear(x, name + ".intermediate", WIDTH, 2 * WIDTH));
    return e.linear(inner, name + ".dense", 2 * WIDTH, WIDTH);
  }
}
