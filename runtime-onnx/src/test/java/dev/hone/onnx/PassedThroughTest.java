package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Outputs that no node computes: they are the caller's own all the same. */
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
