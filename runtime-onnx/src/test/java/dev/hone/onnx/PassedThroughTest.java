package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Outputs that are the caller's own: also what no node computes, and what is copied. */
@ExtendWith(NoLeaks.class)
class PassedThroughTest {
  private static ModelData model() {
    Graph graph = new Graph("passes through");
    graph.addInput(ModelRuns.floats("x"));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(2), 7, 8));
    graph.add(Node.of("Relu", List.of("x"), List.of("y")));
    graph.addOutput(ModelRuns.floats("x"));
    graph.addOutput(ModelRuns.floats("w"));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  @Test
  void anInputThatIsAnOutputOutlivesTheInput() {
    try (Session session = ModelRuns.open(model(), Optimization.ALL);
        Tensor x = Tensor.of(new float[] {1, 2})) {
      try (Batch in = Batch.of("x", x);
          Batch out = session.run(in)) {
        assertThat(out.get("x").memory().address()).isNotEqualTo(x.memory().address());
        out.get("x").copyFrom(new float[] {5, 6});
        assertThat(x.toFloatArray()).containsExactly(1, 2);
      }
    }
  }

  /** As {@link #model}, with shapes that are known before the run. */
  private static ModelData shaped() {
    Graph graph = new Graph("passes through");
    graph.addInput(matrix("x"));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(2), 7, 8));
    graph.add(Node.of("Relu", List.of("x"), List.of("y")));
    graph.addOutput(matrix("x"));
    graph.addOutput(matrix("y"));
    graph.addOutput(ValueInfo.tensor("w", DataType.FLOAT32, Dimension.of(2)));
    return ModelData.of(graph, 13);
  }

  private static ValueInfo matrix(String name) {
    return ValueInfo.tensor(name, DataType.FLOAT32, Dimension.of("n"), Dimension.of(2));
  }

  @Test
  void anInputOfKnownShapeThatIsAnOutputHasItsValues() {
    try (Session session = ModelRuns.open(shaped(), Optimization.ALL)) {
      for (int run = 1; run <= 3; run++) { // a later one gets memory that an earlier one wrote
        try (Tensor x = Tensor.of(new float[] {run, -2, 3, 4}, 2, 2);
            Batch in = Batch.of("x", x);
            Batch out = session.run(in)) {
          assertThat(out.names()).containsExactly("x", "y", "w");
          assertThat(out.get("x").toFloatArray()).containsExactly(run, -2, 3, 4);
          assertThat(out.get("y").toFloatArray()).containsExactly(run, 0, 3, 4);
          assertThat(out.get("w").toFloatArray()).containsExactly(7, 8);
          assertThat(out.get("x").memory().address()).isNotEqualTo(x.memory().address());
        }
      }
    }
  }

  @Test
  void anInputThatIsAnOutputIsWrittenIntoTheCallersTensor() {
    try (Session session = ModelRuns.open(shaped(), Optimization.ALL);
        Batch in = Batch.of("x", Tensor.of(new float[] {1, -2, 3, 4}, 2, 2));
        Batch out =
            Batch.of(
                List.of("x", "y", "w"),
                List.of(
                    Tensor.allocate(DataType.FLOAT32, Shape.of(2, 2)),
                    Tensor.allocate(DataType.FLOAT32, Shape.of(2, 2)),
                    Tensor.allocate(DataType.FLOAT32, Shape.of(2))))) {
      session.run(in, out);
      assertThat(out.get("x").toFloatArray()).containsExactly(1, -2, 3, 4);
      assertThat(out.get("y").toFloatArray()).containsExactly(1, 0, 3, 4);
      assertThat(out.get("w").toFloatArray()).containsExactly(7, 8);
    }
  }

  @Test
  void textsAreNotCopiedIntoATensorOfAnotherShape() {
    Graph graph = new Graph("texts");
    graph.addInput(texts("x"));
    graph.add(Node.of("Identity", List.of("x"), List.of("y")));
    graph.addOutput(texts("y"));
    try (Session session = ModelRuns.open(ModelData.of(graph, 13), Optimization.ALL);
        Batch in = Batch.of("x", Tensor.of(new String[] {"a", "b", "c", "d"}, 2, 2));
        Batch fits = Batch.of("y", Tensor.allocate(DataType.STRING, Shape.of(2, 2)));
        Batch flat = Batch.of("y", Tensor.allocate(DataType.STRING, Shape.of(4)))) {
      session.run(in, fits);
      assertThat(fits.get("y").toStringArray()).containsExactly("a", "b", "c", "d");
      assertThatThrownBy(() -> session.run(in, flat))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'y'", "has the shape [2, 2]", "is STRING[4]", "Bring a tensor");
    }
  }

  @Test
  void nothingIsCopiedWhereAnyTensorHasAnotherShape() {
    Graph graph = new Graph("texts");
    graph.addInput(texts("x"));
    graph.add(Node.of("Identity", List.of("x"), List.of("y")));
    graph.add(Node.of("Identity", List.of("x"), List.of("z")));
    graph.addOutput(texts("y"));
    graph.addOutput(texts("z"));
    try (Session session = ModelRuns.open(ModelData.of(graph, 13), Optimization.ALL);
        Batch in = Batch.of("x", Tensor.of(new String[] {"a", "b"}, 2));
        Batch out =
            Batch.of(
                List.of("y", "z"),
                List.of(
                    Tensor.of(new String[] {"mine", "mine"}, 2),
                    Tensor.allocate(DataType.STRING, Shape.of(1, 2))))) {
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'z'");
      assertThat(out.get("y").toStringArray()).containsExactly("mine", "mine");
    }
  }

  private static ValueInfo texts(String name) {
    return ValueInfo.tensor(name, DataType.STRING, (List<Dimension>) null);
  }

  @Test
  void aWeightThatIsAnOutputIsNotChangedByItsCallers() {
    try (Session session = ModelRuns.open(model(), Optimization.ALL);
        Batch in = Batch.of("x", Tensor.of(new float[] {1, 2}))) {
      try (Batch out = session.run(in)) {
        assertThat(out.get("w").type()).isEqualTo(DataType.FLOAT32);
        out.get("w").copyFrom(new float[] {5, 6});
      }
      try (Batch out = session.run(in)) {
        assertThat(out.get("w").toFloatArray()).containsExactly(7, 8);
        session.close();
        assertThat(out.get("w").toFloatArray()).containsExactly(7, 8);
      }
    }
  }
}
