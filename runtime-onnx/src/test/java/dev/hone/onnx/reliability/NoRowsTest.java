package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.SessionOptions;
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
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Some kernels of ONNX Runtime divide by the number of rows, and where there are none that ends the
 * process. So these runs are in a JVM of their own.
 */
class NoRowsTest {
  private static final int WIDTH = 8;

  @Test
  @Timeout(120)
  void runsWithoutRowsGiveNoRowsOrAnExceptionAndNeverEndTheProcess(@TempDir Path folder)
      throws IOException, InterruptedException {
    String told =
        ChildJvm.run(folder, List.of("-XX:-CreateCoredumpOnCrash"), NoRowsTest.class)
            .verifySuccess()
            .output();
    assertThat(told.lines().filter(line -> line.startsWith("> ")))
        .containsExactly(
            "> recurrent: {y=FLOAT32[3, 1, 0, 8]}",
            "> recurrent, in place: {y=FLOAT32[3, 1, 0, 8]}",
            "> recurrent, asynchronous: {y=FLOAT32[3, 1, 0, 8]}",
            "> recurrent, with rows: {y=FLOAT32[3, 1, 2, 8]}",
            "> top: {y=FLOAT32[0, 1]}",
            "> one hot: {y=FLOAT32[0, 4]}",
            "> attention of bytes: {y=FLOAT32[0, 5, 8]}",
            "> inside a branch: {y=FLOAT32[3, 1, 0, 8]}",
            "> unknown: java.lang.IllegalArgumentException: The input x FLOAT32[3, 0, 8] has no"
                + " elements, but the model has a GRU, 'layer', and ONNX Runtime 1.24.1 ends the"
                + " process where that has nothing to compute. What the outputs would be is not known"
                + " without. Leave calls without rows out.",
            "> past: {y=FLOAT32[2, 1]}");
  }

  /** The child. */
  public static void main(String[] arguments) {
    ModelData recurrent = recurrent(shape("steps", 1, "rows", WIDTH));
    try (Session session = open(recurrent)) {
      tell("recurrent", () -> text(session.run(sequences(0))));
      tell(
          "recurrent, in place",
          () -> {
            Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(3, 1, 0, WIDTH)));
            session.run(sequences(0), out);
            return text(out);
          });
      tell("recurrent, asynchronous", () -> text(session.runAsync(sequences(0)).join()));
      tell("recurrent, with rows", () -> text(session.run(sequences(2))));
    }
    tell("top", () -> run(top(), Batch.of("x", empty(DataType.FLOAT32, 0, 5))));
    tell("one hot", () -> run(oneHot(), Batch.of("x", empty(DataType.INT64, 0))));
    tell(
        "attention of bytes",
        () -> run(attention(), Batch.of("x", empty(DataType.UINT8, 0, 5, WIDTH))));
    tell("inside a branch", () -> run(branch(recurrent), withCondition()));
    tell("unknown", () -> run(recurrent(null), sequences(0)));
    tell("past", () -> run(withPast(), past()));
  }

  private static void tell(String what, Supplier<String> body) {
    String answer;
    try {
      answer = body.get();
    } catch (RuntimeException e) {
      answer = e.toString();
    }
    System.out.println("> " + what + ": " + answer);
  }

  private static Session open(ModelData data) {
    return Session.open(ModelRuns.model(data), SessionOptions.builder().threads(2).build());
  }

  private static String run(ModelData data, Batch in) {
    try (Session session = open(data)) {
      return text(session.run(in));
    }
  }

  private static String text(Batch out) {
    String text = out.toString();
    out.close();
    return text;
  }

  private static Tensor empty(DataType type, long... lengths) {
    return Tensor.allocate(type, Shape.of(lengths));
  }

  private static Batch sequences(int rows) {
    return Batch.of("x", empty(DataType.FLOAT32, 3, rows, WIDTH));
  }

  private static Batch withCondition() {
    return Batch.of("x", empty(DataType.FLOAT32, 3, 0, WIDTH), "c", Tensor.scalar(true));
  }

  private static List<Dimension> shape(Object... dimensions) {
    return List.of(dimensions).stream()
        .map(
            dimension ->
                dimension instanceof Integer length
                    ? Dimension.of(length)
                    : Dimension.of((String) dimension))
        .toList();
  }

  private static Graph graph(DataType type, List<Dimension> in, @Nullable List<Dimension> out) {
    Graph graph = new Graph("no rows");
    graph.addInput(ValueInfo.tensor("x", type, in));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, out));
    return graph;
  }

  private static TensorData floats(String name, long... lengths) {
    Shape shape = Shape.of(lengths);
    return TensorData.ofFloats(name, shape, new float[(int) shape.elementCount()]);
  }

  private static ModelData recurrent(@Nullable List<Dimension> out) {
    Graph graph = graph(DataType.FLOAT32, shape("steps", "rows", WIDTH), out);
    graph.putInitializer(floats("w", 1, 3 * WIDTH, WIDTH));
    graph.putInitializer(floats("r", 1, 3 * WIDTH, WIDTH));
    graph.add(
        Node.of(
                "GRU",
                List.of("x", "w", "r"),
                List.of("y"),
                Attribute.of("hidden_size", (long) WIDTH))
            .named("layer"));
    return ModelData.of(graph, 17);
  }

  /** The same in a branch that is taken. */
  private static ModelData branch(ModelData recurrent) {
    Graph graph =
        graph(DataType.FLOAT32, shape("steps", "rows", WIDTH), shape("steps", 1, "rows", WIDTH));
    graph.addInput(ValueInfo.tensor("c", DataType.BOOL));
    recurrent.graph().initializers().forEach(graph::putInitializer);
    graph.add(
        Node.of(
            "If",
            List.of("c"),
            List.of("y"),
            Attribute.of("then_branch", within("then")),
            Attribute.of("else_branch", within("else"))));
    return ModelData.of(graph, 17);
  }

  private static Graph within(String name) {
    Graph graph = new Graph(name);
    graph.add(
        Node.of(
            "GRU",
            List.of("x", "w", "r"),
            List.of(name + "y"),
            Attribute.of("hidden_size", (long) WIDTH)));
    graph.addOutput(
        ValueInfo.tensor(name + "y", DataType.FLOAT32, shape("steps", 1, "rows", WIDTH)));
    return graph;
  }

  private static ModelData top() {
    Graph graph = graph(DataType.FLOAT32, shape("rows", 5), shape("rows", 1));
    graph.putInitializer(TensorData.ofLongs("k", Shape.of(1), 1));
    graph.add(Node.of("TopK", List.of("x", "k"), List.of("y", "i")));
    return ModelData.of(graph, 17);
  }

  private static ModelData oneHot() {
    Graph graph = graph(DataType.INT64, shape("rows"), shape("rows", 4));
    graph.putInitializer(TensorData.ofLongs("d", Shape.of(1), 4));
    graph.putInitializer(TensorData.ofFloats("v", Shape.of(2), 0, 1));
    graph.add(Node.of("OneHot", List.of("x", "d", "v"), List.of("y")));
    return ModelData.of(graph, 17);
  }

  /** What {@code Precision.INT8} makes of attention. */
  private static ModelData attention() {
    Graph graph =
        graph(DataType.UINT8, shape("rows", "tokens", WIDTH), shape("rows", "tokens", WIDTH));
    graph.putInitializer(
        TensorData.of(
            "w",
            DataType.INT8,
            Shape.of(WIDTH, 3 * WIDTH),
            TensorData.littleEndian(3 * WIDTH * WIDTH)));
    graph.putInitializer(floats("b", 3 * WIDTH));
    graph.putInitializer(TensorData.ofFloats("xs", Shape.scalar(), 1));
    graph.putInitializer(TensorData.ofFloats("ws", Shape.scalar(), 1));
    graph.add(
        Node.of(
            "com.microsoft",
            "QAttention",
            List.of("x", "w", "b", "xs", "ws"),
            List.of("y"),
            Attribute.of("num_heads", 2L)));
    ModelData model = ModelData.of(graph, 17);
    model.importOpset("com.microsoft", 1);
    return model;
  }

  /** A decoder's first step has rows, but nothing before them. */
  private static ModelData withPast() {
    Graph graph = graph(DataType.FLOAT32, shape("rows", 5), shape("rows", 1));
    graph.addInput(ValueInfo.tensor("past", DataType.FLOAT32, shape("rows", 2, "steps", 4)));
    graph.putInitializer(TensorData.ofLongs("k", Shape.of(1), 1));
    graph.add(
        Node.of("TopK", List.of("x", "k"), List.of("y", "i")),
        Node.of("Identity", List.of("past"), List.of("now")));
    return ModelData.of(graph, 17);
  }

  private static Batch past() {
    return Batch.of(
        "x", empty(DataType.FLOAT32, 2, 5), "past", empty(DataType.FLOAT32, 2, 2, 0, 4));
  }
}
