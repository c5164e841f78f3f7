package dev.hone.onnx.passes;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A small model drawn by chance, always the same for one seed: words looked up in a table, then a
 * handful of layers over {@code [batch, tokens, width]}, with what real exports do: weights in
 * {@code Constant} nodes, transposed, shared or listed as inputs, biases on either side of their
 * addition, branches that use values around them, inner values as outputs.
 */
final class DrawnModel extends Drawing {
  static final int TOKENS = 6;
  private static final int WIDTH = 48;
  private static final int WORDS = 120;

  private final List<String> layers = new ArrayList<>();
  private final List<String> sharedWeights = new ArrayList<>();

  private DrawnModel(long seed) {
    super(seed);
  }

  /** The model of a seed. */
  static ModelData draw(long seed) {
    DrawnModel drawn = new DrawnModel(seed);
    drawn.inputs();
    int depth = 4 + drawn.random.nextInt(5);
    for (int i = 0; i < depth; i++) {
      drawn.layer();
    }
    drawn.outputs();
    return ModelData.of(drawn.graph, OPSET);
  }

  /** Inputs for a drawn model, without those that have a default. */
  static Batch batch(long seed, int rows) {
    return Batch.of(inputs(seed, rows));
  }

  /** The same with other weights in place of the first default, if the model has one. */
  static Batch overriding(ModelData model, long seed, int rows) {
    Map<String, Tensor> tensors = inputs(seed, rows);
    model.graph().inputs().stream()
        .map(ValueInfo::name)
        .filter(input -> model.graph().initializer(input) != null)
        .findFirst()
        .ifPresent(
            input -> tensors.put(input, Tensor.of(scaled(new Random(seed), WIDTH), WIDTH, WIDTH)));
    return Batch.of(tensors);
  }

  private static Map<String, Tensor> inputs(long seed, int rows) {
    Random random = new Random(seed);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "ids", Tensor.of(random.longs((long) rows * TOKENS, 0, WORDS).toArray(), rows, TOKENS));
    tensors.put("flag", Tensor.of(new boolean[] {random.nextBoolean()}, 1));
    return tensors;
  }

  private void inputs() {
    graph.addInput(
        ValueInfo.tensor("ids", DataType.INT64, Dimension.of("batch"), Dimension.of(TOKENS)));
    graph.addInput(ValueInfo.tensor("flag", DataType.BOOL, Dimension.of(1)));
    float[] words = gaussian(WORDS * WIDTH, 1);
    graph.putInitializer(TensorData.ofFloats("words", Shape.of(WORDS, WIDTH), words));
    layers.add(add(Node.of("Gather", List.of("words", "ids"), List.of("embedded"))));
  }

  private void outputs() {
    String last = layers.get(layers.size() - 1);
    graph.addOutput(ModelRuns.floats(last));
    for (String layer : layers) {
      if (!layer.equals(last) && random.nextInt(3) == 0) {
        graph.addOutput(ModelRuns.floats(layer));
      }
    }
  }

  private void layer() {
    String x = layers.get(layers.size() - 1);
    String made =
        switch (random.nextInt(9)) {
          case 0, 1, 2 -> dense(x);
          case 3 -> gemm(x);
          case 4 -> gelu(x);
          case 5 -> normalized(x);
          case 6 -> attended(x);
          case 7 -> branched(x);
          default -> sum(x);
        };
    layers.add(made);
  }

  private String dense(String x) {
    String product = add("MatMul", x, weights());
    if (random.nextBoolean()) {
      return product;
    }
    String bias = vector("bias", gaussian(WIDTH, 0.1));
    return random.nextBoolean() ? add("Add", product, bias) : add("Add", bias, product);
  }

  private String gemm(String x) {
    String flat = add("Reshape", x, longs(-1, WIDTH));
    Node gemm =
        Node.of(
            "Gemm",
            List.of(flat, weights(), vector("bias", gaussian(WIDTH, 0.1))),
            List.of(graph.uniqueName("gemm")));
    if (random.nextBoolean()) {
      gemm.put(Attribute.of("transB", 1L));
    }
    if (random.nextInt(4) == 0) {
      gemm.put(Attribute.of("alpha", 0.5f));
    }
    return add("Reshape", add(gemm), longs(-1, TOKENS, WIDTH));
  }

  private String gelu(String x) {
    String half = add("Div", x, scalar((float) Math.sqrt(2)));
    String grown = add("Add", add(Node.of("Erf", List.of(half), fresh("erf"))), scalar(1));
    return add("Mul", add("Mul", x, grown), scalar(0.5f));
  }

  private String normalized(String x) {
    String gain = vector("gain", filled(WIDTH, 1));
    String bias = vector("shift", gaussian(WIDTH, 0.1));
    return add(
        Node.of(
            "LayerNormalization",
            List.of(x, gain, bias),
            fresh("normalized"),
            Attribute.of("axis", -1L)));
  }

  /** Two computed values multiplied with each other, as attention does. */
  private String attended(String x) {
    Attribute order = Attribute.of("perm", 0, 2, 1);
    String turned = add(Node.of("Transpose", List.of(x), fresh("turned"), order));
    String scores = add("Mul", add("MatMul", x, turned), scalar(1f / WIDTH));
    String shares =
        add(Node.of("Softmax", List.of(scores), fresh("shares"), Attribute.of("axis", -1L)));
    return add("MatMul", shares, x);
  }

  private String branched(String x) {
    String captured = weights();
    Graph then = new Graph("then");
    String product = graph.uniqueName("then_product");
    then.add(Node.of("MatMul", List.of(x, captured), List.of(product)));
    then.addOutput(ModelRuns.floats(product));
    Graph otherwise = new Graph("else");
    String relu = graph.uniqueName("else_relu");
    otherwise.add(Node.of("Relu", List.of(x), List.of(relu)));
    otherwise.addOutput(ModelRuns.floats(relu));
    return add(
        Node.of(
            "If",
            List.of("flag"),
            fresh("branched"),
            Attribute.of("then_branch", then),
            Attribute.of("else_branch", otherwise)));
  }

  private String sum(String x) {
    String other = layers.get(random.nextInt(layers.size()));
    String relu = add(Node.of("Relu", List.of(other), fresh("relu")));
    return add("Add", x, relu);
  }

  // ---- weights

  private String weights() {
    if (!sharedWeights.isEmpty() && random.nextInt(4) == 0) {
      return sharedWeights.get(random.nextInt(sharedWeights.size()));
    }
    TensorData weights = TensorData.ofFloats("", Shape.of(WIDTH, WIDTH), scaled(random, WIDTH));
    String name =
        switch (random.nextInt(6)) {
          case 0 -> held(weights);
          case 1 -> overridable(weights);
          case 2 -> {
            String inner = graph.addInitializer("turned_weights", weights);
            yield add(Node.of("Transpose", List.of(inner), fresh("weights")));
          }
          default -> graph.addInitializer("weights", weights);
        };
    sharedWeights.add(name);
    return name;
  }

  private String overridable(TensorData weights) {
    String name = graph.addInitializer("default_weights", weights);
    Dimension width = Dimension.of(WIDTH);
    graph.addInput(ValueInfo.tensor(name, DataType.FLOAT32, width, width));
    return name;
  }

  /** A matrix that keeps the size of what it multiplies. */
  private static float[] scaled(Random random, int width) {
    float[] values = new float[width * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(width));
    }
    return values;
  }
}
