package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Writes graphs as PyTorch's exporters do, operator by operator in one opset, with random weights:
 * small numbers in {@code Constant} nodes, axes as attributes or inputs, normalization and Gelu in
 * pieces where the opset has no operator for them.
 */
final class Exporter {
  /** As large as {@code torch.finfo(torch.float32).min}. */
  static final float MIN = -Float.MAX_VALUE;

  private final Graph graph = new Graph("main_graph");
  private final long opset;
  private final Random random = new Random(42);
  private int count;

  Exporter(long opset) {
    this.opset = opset;
  }

  long opset() {
    return opset;
  }

  ModelData model() {
    return ModelData.of(graph, opset);
  }

  // ---- inputs and outputs

  String input(String name, DataType type, Object... dims) {
    Dimension[] dimensions =
        Arrays.stream(dims)
            .map(d -> d instanceof Integer n ? Dimension.of(n) : Dimension.of((String) d))
            .toArray(Dimension[]::new);
    graph.addInput(ValueInfo.tensor(name, type, dimensions));
    return name;
  }

  void output(String value) {
    output(value, DataType.FLOAT32);
  }

  void output(String value, DataType type) {
    graph.addOutput(ValueInfo.tensor(value, type, (List<Dimension>) null));
  }

  // ---- single operators

  String op(String op, String... inputs) {
    return op(op, List.of(inputs));
  }

  String op(String op, List<String> inputs, Attribute... attributes) {
    String value = op + "_" + count++;
    graph.add(Node.of(op, inputs, List.of(value), attributes).named("/" + value));
    return value;
  }

  List<String> split(String x, int parts, long axis, long size) {
    List<String> outputs = new java.util.ArrayList<>();
    for (int i = 0; i < parts; i++) {
      outputs.add("Split_" + count++);
    }
    long[] sizes = new long[parts];
    Arrays.fill(sizes, size);
    Node node =
        opset < 13
            ? Node.of("Split", List.of(x), outputs, Attribute.of("split", sizes))
            : Node.of("Split", List.of(x, longs(sizes)), outputs);
    node.put(Attribute.of("axis", axis));
    graph.add(node);
    return outputs;
  }

  String number(float value) {
    return constant(TensorData.ofFloats("", Shape.scalar(), value));
  }

  String whole(long value) {
    return constant(TensorData.ofLongs("", Shape.scalar(), value));
  }

  String longs(long... values) {
    return constant(TensorData.ofLongs("", Shape.of(values.length), values));
  }

  String constant(TensorData data) {
    return op("Constant", List.of(), Attribute.of("value", data));
  }

  String truths(Shape shape, boolean... values) {
    ByteBuffer bytes = TensorData.littleEndian(values.length);
    for (boolean value : values) {
      bytes.put((byte) (value ? 1 : 0));
    }
    return constant(TensorData.of("", DataType.BOOL, shape, bytes.flip()));
  }

  String weight(String name, float spread, long... dims) {
    return around(0, name, spread, dims);
  }

  private String around(float middle, String name, float spread, long... dims) {
    Shape shape = Shape.of(dims);
    float[] values = new float[(int) shape.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = middle + spread * (float) random.nextGaussian();
    }
    return graph.addInitializer(name, TensorData.ofFloats("", shape, values));
  }

  String ones(String shape) {
    TensorData one = TensorData.ofLongs("", Shape.of(1), 1);
    return op("ConstantOfShape", List.of(shape), Attribute.of("value", one));
  }

  String cast(String x, DataType type) {
    long to =
        switch (type) {
          case FLOAT32 -> 1;
          case INT32 -> 6;
          case INT64 -> 7;
          case BOOL -> 9;
          default -> throw new IllegalArgumentException(type.toString());
        };
    return op("Cast", List.of(x), Attribute.of("to", to));
  }

  String unsqueeze(String x, long... axes) {
    return opset < 13
        ? op("Unsqueeze", List.of(x), Attribute.of("axes", axes))
        : op("Unsqueeze", List.of(x, longs(axes)));
  }

  String squeeze(String x, long... axes) {
    return opset < 13
        ? op("Squeeze", List.of(x), Attribute.of("axes", axes))
        : op("Squeeze", List.of(x, longs(axes)));
  }

  String transpose(String x, long... perm) {
    return op("Transpose", List.of(x), Attribute.of("perm", perm));
  }

  String softmax(String x) {
    return op("Softmax", List.of(x), Attribute.of("axis", opset < 13 ? 3L : -1L));
  }

  String gather(String x, String index, long axis) {
    return op("Gather", List.of(x, index), Attribute.of("axis", axis));
  }

  /** One length of a value, as {@code x.size(axis)} is written. */
  String size(String x, long axis) {
    return gather(op("Shape", x), whole(axis), 0);
  }

  /** A shape of lengths known and computed, as the arguments of {@code view} are written. */
  String shape(Object... parts) {
    List<String> pieces =
        Arrays.stream(parts)
            .map(p -> p instanceof Integer n ? longs(n) : unsqueeze((String) p, 0))
            .toList();
    return op("Concat", pieces, Attribute.of("axis", 0L));
  }

  String reshape(String x, Object... parts) {
    return op("Reshape", x, shape(parts));
  }

  private String mean(String x) {
    return opset < 18
        ? op("ReduceMean", List.of(x), Attribute.of("axes", new long[] {-1}))
        : op("ReduceMean", List.of(x, longs(-1)));
  }

  // ---- layers

  /** {@code nn.Linear}: the weight transposed, the bias in front, as since PyTorch 1.10 or so. */
  String linear(String x, String name, long in, long out) {
    return op("Add", weight(name + ".bias", 0.3f, out), product(x, name, in, out));
  }

  /** {@code nn.Linear} without a bias. */
  String product(String x, String name, long in, long out) {
    return op("MatMul", x, weight(name + ".weight", 1f / (float) Math.sqrt((double) in), in, out));
  }

  String layerNorm(String x, String name, long width) {
    String gamma = around(1, name + ".weight", 0.2f, width);
    String beta = weight(name + ".bias", 0.2f, width);
    if (opset >= 17) {
      Attribute epsilon = Attribute.of("epsilon", 1e-12f);
      return op("LayerNormalization", List.of(x, gamma, beta), Attribute.of("axis", -1L), epsilon);
    }
    String centred = op("Sub", x, mean(x));
    String variance = mean(op("Pow", centred, number(2)));
    String deviation = op("Sqrt", op("Add", variance, number(1e-12f)));
    return op("Add", op("Mul", op("Div", centred, deviation), gamma), beta);
  }

  String gelu(String x) {
    if (opset >= 20) {
      return op("Gelu", x);
    }
    String erf = op("Erf", op("Div", x, number((float) Math.sqrt(2))));
    String product = op("Mul", x, op("Add", erf, number(1)));
    return op("Mul", product, number(0.5f));
  }
}
