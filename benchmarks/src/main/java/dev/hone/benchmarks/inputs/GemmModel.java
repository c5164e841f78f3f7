package dev.hone.benchmarks.inputs;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A small dense network: layers of Gemm with Relu between them, weights from a fixed seed. Input
 * {@code x} FLOAT32[batch, first width], output {@code y} FLOAT32[batch, last width].
 *
 * <p>Beside the ONNX file it computes the answer in plain Java, for checks.
 */
public final class GemmModel {
  private final int[] widths;
  private final float[][] weights;
  private final float[][] biases;

  /** A network with these widths, for example 16, 32, 4 for two layers. */
  public GemmModel(int... widths) {
    this.widths = widths.clone();
    this.weights = new float[widths.length - 1][];
    this.biases = new float[widths.length - 1][];
    Random random = new Random(7);
    for (int layer = 0; layer < weights.length; layer++) {
      double scale = 1 / Math.sqrt(widths[layer]);
      weights[layer] = gaussian(random, widths[layer] * widths[layer + 1], scale);
      biases[layer] = gaussian(random, widths[layer + 1], 0.1);
    }
  }

  private static float[] gaussian(Random random, int count, double scale) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    return values;
  }

  /** Values of one input row. */
  public int inputWidth() {
    return widths[0];
  }

  /** Values of one output row. */
  public int outputWidth() {
    return widths[widths.length - 1];
  }

  /** An input row from a seed. */
  public float[] row(long seed) {
    return gaussian(new Random(seed), inputWidth(), 1);
  }

  /** The output for one input row. */
  public float[] answer(float[] row) {
    float[] values = row;
    for (int layer = 0; layer < weights.length; layer++) {
      float[] next = biases[layer].clone();
      for (int i = 0; i < values.length; i++) {
        for (int j = 0; j < next.length; j++) {
          next[j] += values[i] * weights[layer][i * next.length + j];
        }
      }
      if (layer + 1 < weights.length) {
        for (int j = 0; j < next.length; j++) {
          next[j] = Math.max(0, next[j]);
        }
      }
      values = next;
    }
    return values;
  }

  /**
   * Compares an output row with the one computed here.
   *
   * @throws IllegalStateException if they differ by more than rounding explains
   */
  public void check(float[] row, float[] output) {
    float[] expected = answer(row);
    for (int j = 0; j < expected.length; j++) {
      if (!(Math.abs(expected[j] - output[j]) <= 1e-3 * (1 + Math.abs(expected[j])))) {
        throw new IllegalStateException(
            "Output " + j + " should be " + expected[j] + " but is " + output[j] + ".");
      }
    }
  }

  /** For example {@code Gemm 16-32-4}. */
  @Override
  public String toString() {
    return "Gemm "
        + Arrays.stream(widths).mapToObj(Integer::toString).collect(Collectors.joining("-"));
  }

  /** The ONNX file. */
  public byte[] bytes() {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("gemm");
    graph
        .addInput(OnnxParts.value("x", TensorProto.DataType.FLOAT, inputWidth()))
        .addOutput(OnnxParts.value("y", TensorProto.DataType.FLOAT, outputWidth()));
    String from = "x";
    for (int layer = 0; layer < weights.length; layer++) {
      boolean last = layer + 1 == weights.length;
      graph.addInitializer(
          OnnxParts.tensor("w" + layer, weights[layer], widths[layer], widths[layer + 1]));
      graph.addInitializer(OnnxParts.tensor("b" + layer, biases[layer], widths[layer + 1]));
      String to = last ? "y" : "g" + layer;
      graph.addNode(gemm(layer, from, to));
      if (!last) {
        graph.addNode(
            NodeProto.newBuilder()
                .setName("relu" + layer)
                .setOpType("Relu")
                .addInput(to)
                .addOutput("r" + layer));
        from = "r" + layer;
      }
    }
    return OnnxParts.model(graph);
  }

  private static NodeProto gemm(int layer, String from, String to) {
    return NodeProto.newBuilder()
        .setName("gemm" + layer)
        .setOpType("Gemm")
        .addInput(from)
        .addInput("w" + layer)
        .addInput("b" + layer)
        .addOutput(to)
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("alpha")
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(1))
        .build();
  }
}
