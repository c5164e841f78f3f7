package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hard swish and hard sigmoid from their pieces. */
class HardSwishFusionTest {
  private Graph graph = new Graph("none yet");

  @BeforeEach
  void pieces() {
    graph = new Graph("swish");
    Dimension any = Dimension.unknown();
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, any, any));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, any, any));
    scalar("three", 3);
    scalar("zero", 0);
    scalar("six", 6);
    scalar("sixth", 1 / 6f);
    graph.add(
        Node.of("Add", List.of("x", "three"), List.of("a")),
        Node.of("Clip", List.of("a", "zero", "six"), List.of("c")));
  }

  private void scalar(String name, float value) {
    graph.putInitializer(TensorData.ofFloats(name, Shape.scalar(), value));
  }

  private Graph fused(int expected) {
    ModelData before = ModelData.of(graph, 12);
    ModelData after = before.copy();
    assertThat(HardSwishFusion.apply(after)).isEqualTo(expected);
    float[] x = {-9, -3.1f, -3, -2.9f, -1, -0.1f, 0, 0.1f, 1, 2.9f, 3, 3.1f, 9, 100};
    try (Batch in = Batch.of("x", Tensor.of(x, 1, x.length))) {
      assertThat(ModelRuns.run(after, Optimization.ALL, in))
          .containsExactly(ModelRuns.run(before, Optimization.NONE, in), within(1e-5f));
    }
    return after.graph();
  }

  private static List<String> operators(Graph graph) {
    return graph.nodes().stream().map(Node::op).toList();
  }

  @Test
  void aProductThatIsDividedIsHardSwish() {
    graph.add(
        Node.of("Mul", List.of("x", "c"), List.of("m")),
        Node.of("Div", List.of("m", "six"), List.of("y")));
    assertThat(operators(fused(1))).containsExactly("HardSigmoid", "Mul");
  }

  @Test
  void aProductWithTheSixthIsToo() {
    graph.add(
        Node.of("Mul", List.of("c", "x"), List.of("m")),
        Node.of("Mul", List.of("sixth", "m"), List.of("y")));
    assertThat(operators(fused(1))).containsExactly("HardSigmoid", "Mul");
  }

  @Test
  void aQuotientAloneIsHardSigmoid() {
    graph.add(
        Node.of("Div", List.of("c", "six"), List.of("h")),
        Node.of("Mul", List.of("x", "h"), List.of("y")));
    assertThat(operators(fused(1))).containsExactly("HardSigmoid", "Mul");
  }

  @Test
  void anotherDivisorIsLeftAlone() {
    scalar("five", 5);
    graph.add(
        Node.of("Mul", List.of("x", "c"), List.of("m")),
        Node.of("Div", List.of("m", "five"), List.of("y")));
    fused(0);
  }

  @Test
  void piecesThatAreUsedElsewhereAreLeftAlone() {
    graph.add(
        Node.of("Mul", List.of("x", "c"), List.of("m")),
        Node.of("Div", List.of("m", "six"), List.of("d")),
        Node.of("Add", List.of("d", "c"), List.of("y")));
    fused(0);
  }

  @Test
  void aProductOfTwoOthersIsLeftAlone() {
    graph.add(
        Node.of("Neg", List.of("x"), List.of("n")),
        Node.of("Mul", List.of("n", "c"), List.of("m")),
        Node.of("Div", List.of("m", "six"), List.of("y")));
    fused(0);
  }
}
