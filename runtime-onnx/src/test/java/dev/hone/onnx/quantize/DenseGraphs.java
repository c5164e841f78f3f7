package dev.hone.onnx.quantize;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Set;

/** Small models made of matrix products, and what becomes of them. */
final class DenseGraphs {
  static final int INNER = 192;
  static final int OUTPUTS = 96;
  static final int HEADS = 4;

  private DenseGraphs() {}

  /** A graph from x to y, both of any shape. */
  static Graph graph() {
    Graph graph = new Graph("dense");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, (List<Dimension>) null));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, (List<Dimension>) null));
    return graph;
  }

  static void weights(Graph graph, String name, long seed, int... shape) {
    int count = 1;
    long[] lengths = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      count *= shape[i];
      lengths[i] = shape[i];
    }
    float[] values = ChannelQuantizerTest.gaussian(count, seed);
    for (int i = 0; i < count; i++) {
      values[i] *= 0.05f;
    }
    graph.putInitializer(TensorData.ofFloats(name, Shape.of(lengths), values));
  }

  static Node node(String op, String output, List<String> inputs, Attribute... attributes) {
    return Node.of(op, inputs, List.of(output), attributes);
  }

  /** y = x W + b. */
  static ModelData matMulAdd(boolean biasFirst) {
    Graph graph = graph();
    weights(graph, "w", 1, INNER, OUTPUTS);
    weights(graph, "b", 2, OUTPUTS);
    graph.add(
        node("MatMul", "xw", List.of("x", "w")).named("product"),
        node("Add", "y", biasFirst ? List.of("b", "xw") : List.of("xw", "b")));
    return ModelData.of(graph, 13);
  }

  /** y = x W. */
  static ModelData matMul(long opset) {
    Graph graph = graph();
    weights(graph, "w", 1, INNER, OUTPUTS);
    graph.add(node("MatMul", "y", List.of("x", "w")).named("product"));
    return ModelData.of(graph, opset);
  }

  /** y = 0.5 x Wᵀ + 2 b, with b one row or one number. */
  static ModelData gemm(int... biasShape) {
    Graph graph = graph();
    weights(graph, "w", 1, OUTPUTS, INNER);
    weights(graph, "b", 2, biasShape);
    graph.add(
        node(
                "Gemm",
                "y",
                List.of("x", "w", "b"),
                Attribute.of("transB", 1),
                Attribute.of("alpha", 0.5f),
                Attribute.of("beta", 2f))
            .named("gemm"));
    return ModelData.of(graph, 13);
  }

  /** Attention of four heads over x of shape [batch, tokens, 192], without a mask. */
  static ModelData attention(Attribute... more) {
    return attention(13, more);
  }

  /** The same in a version of the standard operators. */
  static ModelData attention(long opset, Attribute... more) {
    Graph graph = graph();
    weights(graph, "w", 1, INNER, 3 * INNER);
    weights(graph, "b", 2, 3 * INNER);
    Node node =
        Node.of(
            "com.microsoft",
            "Attention",
            List.of("x", "w", "b"),
            List.of("y"),
            Attribute.of("num_heads", HEADS));
    for (Attribute attribute : more) {
      node.put(attribute);
    }
    graph.add(node.named("attention"));
    ModelData model = ModelData.of(graph, opset);
    model.importOpset("com.microsoft", 1);
    return model;
  }

  /** Statistics of all that the pass wants, from one tensor. */
  static Calibration calibrate(ModelData model, float[] x, long... shape) {
    Set<String> values = StaticDense.valuesToCalibrate(model);
    String input = model.graph().inputs().get(0).name();
    try (Batch batch = Batch.of(input, Tensor.of(x, shape))) {
      return Calibration.collect(model, values, List.of(batch), ModelRuns::opener);
    }
  }

  /** The floats that a model answers for its only input with its only output. */
  static float[] answer(ModelData model, Optimization optimization, float[] x, long... shape) {
    try (Batch in = Batch.of(model.graph().inputs().get(0).name(), Tensor.of(x, shape))) {
      return ModelRuns.run(model, optimization, in);
    }
  }

  /** Quantizes a copy, calibrated on one tensor. */
  static ModelData quantized(ModelData model, float[] x, long... shape) {
    ModelData copy = model.copy();
    StaticDense.apply(copy, calibrate(model, x, shape), Set.of());
    return copy;
  }
}
