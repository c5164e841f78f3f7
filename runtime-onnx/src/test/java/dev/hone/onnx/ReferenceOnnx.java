package dev.hone.onnx;

import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.contract.ReferenceModel;
import dev.hone.memory.Memory;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The reference models of the contract as ONNX models. */
final class ReferenceOnnx {
  private static final long OPSET = 21;

  private ReferenceOnnx() {}

  static Model model(ReferenceModel reference) {
    return Model.load(ModelSource.of(bytes(reference)));
  }

  static byte[] bytes(ReferenceModel reference) {
    return bytes(graph(reference));
  }

  static byte[] bytes(Graph graph) {
    try (Memory memory = ModelData.of(graph, OPSET).toMemory()) {
      byte[] bytes = new byte[(int) memory.byteSize()];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }

  static Graph graph(ReferenceModel reference) {
    Graph graph = new Graph("reference");
    for (Signature.Value input : reference.signature().inputs()) {
      graph.addInput(info(input));
    }
    for (Signature.Value output : reference.signature().outputs()) {
      graph.addOutput(info(output));
    }
    switch (reference.operation()) {
      case AFFINE -> affine(graph);
      case SUM_AND_DIFFERENCE ->
          graph.add(node("Add", "sum", "a", "b"), node("Sub", "difference", "a", "b"));
      case SCALE -> {
        graph.putInitializer(TensorData.ofFloats("scale", Shape.scalar(), 2));
        graph.add(node("Mul", "y", "x", "scale"));
      }
      case IDENTITY -> identity(graph, reference.signature().inputs().get(0).type());
      case POSITIVES -> {
        graph.putInitializer(TensorData.ofFloats("zero", Shape.scalar(), 0));
        graph.add(node("Greater", "positive", "x", "zero"), node("Compress", "y", "x", "positive"));
      }
      case PICK -> {
        graph.putInitializer(table("table"));
        graph.add(node("Gather", "y", "table", "index"));
      }
      case CONSTANT -> {
        graph.putInitializer(table("table"));
        graph.add(node("Identity", "y", "table"));
      }
      case COUNT -> count(graph);
    }
    return graph;
  }

  /** ONNX Runtime has no Identity of four-bit integers; there, two casts do the same. */
  private static void identity(Graph graph, @Nullable DataType type) {
    if (type == DataType.INT4 || type == DataType.UINT4) {
      int int16 = 5;
      int code = type == DataType.INT4 ? 22 : 21; // of TensorProto.DataType
      graph.add(
          node("Cast", "wide", "x").put(Attribute.of("to", int16)),
          node("Cast", "y", "wide").put(Attribute.of("to", code)));
    } else {
      graph.add(node("Identity", "y", "x"));
    }
  }

  private static Node node(String op, String output, String... inputs) {
    return Node.of(op, List.of(inputs), List.of(output));
  }

  private static ValueInfo info(Signature.Value value) {
    DataType type = value.type();
    if (type == null) {
      throw new IllegalArgumentException("A reference model says its types, but: " + value);
    }
    return ValueInfo.tensor(value.name(), type, value.dimensions());
  }

  private static TensorData table(String name) {
    float[] values = ReferenceModel.table();
    return TensorData.ofFloats(name, Shape.of(values.length), values);
  }

  private static void affine(Graph graph) {
    float[][] rows = ReferenceModel.weights();
    float[] flat = new float[6];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = rows[i / 2][i % 2];
    }
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(3, 2), flat));
    graph.putInitializer(TensorData.ofFloats("b", Shape.of(2), ReferenceModel.bias()));
    graph.add(node("Gemm", "y", "x", "w", "b"));
  }

  private static void count(Graph graph) {
    Graph body = new Graph("body");
    body.addInput(ValueInfo.tensor("round", DataType.INT64));
    body.addInput(ValueInfo.tensor("goOn", DataType.BOOL));
    body.addInput(ValueInfo.tensor("soFar", DataType.INT64));
    body.putInitializer(TensorData.ofLongs("one", Shape.scalar(), 1));
    body.add(node("Identity", "goOnThen", "goOn"), node("Add", "next", "soFar", "one"));
    body.addOutput(ValueInfo.tensor("goOnThen", DataType.BOOL));
    body.addOutput(ValueInfo.tensor("next", DataType.INT64));
    graph.putInitializer(TensorData.ofLongs("zero", Shape.scalar(), 0));
    graph.add(
        Node.of(
            "Loop", List.of("times", "", "zero"), List.of("count"), Attribute.of("body", body)));
  }
}
