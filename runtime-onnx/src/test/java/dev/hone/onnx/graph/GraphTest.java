package dev.hone.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Shape;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names in graphs inside graphs. */
class GraphTest {
  private final Graph outer = new Graph("outer");
  private final Graph inner = new Graph("inner");

  private void nest() {
    outer.addInput(ModelRuns.floats("x"));
    outer.addInput(ModelRuns.floats("z"));
    outer.add(
        Node.of("If", List.of("c"), List.of("y"), Attribute.of("then_branch", inner)),
        Node.of("Relu", List.of("x"), List.of("r")));
    outer.addOutput(ModelRuns.floats("y"));
    outer.addOutput(ModelRuns.floats("r"));
  }

  @Test
  void usesInsideSubgraphsAreReplacedToo() {
    inner.add(Node.of("Neg", List.of("x"), List.of("n")));
    inner.addOutput(ModelRuns.floats("n"));
    nest();
    outer.replaceUses("x", "z");
    assertThat(inner.nodes().get(0).input(0)).isEqualTo("z");
    assertThat(outer.nodes().get(1).input(0)).isEqualTo("z");
  }

  @Test
  void aValueOfASubgraphThatHasTheSameNameIsAnother() {
    inner.putInitializer(TensorData.ofFloats("x", Shape.of(1), 1));
    inner.add(
        Node.of("Neg", List.of("x"), List.of("n")),
        Node.of("Add", List.of("n", "z"), List.of("s")));
    inner.addOutput(ModelRuns.floats("s"));
    nest();
    outer.replaceUses("x", "z");
    assertThat(inner.nodes().get(0).input(0)).isEqualTo("x");
    outer.replaceUses("z", "x_1");
    assertThat(inner.nodes().get(1).input(1)).isEqualTo("x_1");
  }

  @Test
  void oneBranchMayHaveAValueOfItsOwnThatTheOtherTakesFromAround() {
    inner.putInitializer(TensorData.ofFloats("x", Shape.of(1), 1));
    inner.add(Node.of("Neg", List.of("x"), List.of("n")));
    inner.addOutput(ModelRuns.floats("n"));
    nest();
    Graph other = new Graph("other");
    other.add(Node.of("Neg", List.of("x"), List.of("m")));
    other.addOutput(ModelRuns.floats("m"));
    outer.nodes().get(0).put(Attribute.of("else_branch", other));
    outer.replaceUses("x", "z");
    assertThat(inner.nodes().get(0).input(0)).isEqualTo("x");
    assertThat(other.nodes().get(0).input(0)).isEqualTo("z");
  }

  @Test
  void aNewNameIsNoNameOfAnInnerValue() {
    inner.add(Node.of("Neg", List.of("x"), List.of("n")));
    inner.addOutput(ModelRuns.floats("n"));
    nest();
    assertThat(outer.uniqueName("n")).isEqualTo("n_1");
    assertThat(inner.uniqueName("r")).isEqualTo("r_1");
  }

  @Test
  void whatOnlyASubgraphUsesIsNotDead() {
    outer.putInitializer(TensorData.ofFloats("w", Shape.of(1), 1));
    outer.putInitializer(TensorData.ofFloats("unused", Shape.of(1), 1));
    outer.add(Node.of("Neg", List.of("w"), List.of("before")));
    inner.add(Node.of("Neg", List.of("before"), List.of("n")));
    inner.addOutput(ModelRuns.floats("n"));
    nest();
    assertThat(outer.removeDead()).isZero();
    assertThat(outer.initializer("w")).isNotNull();
    assertThat(outer.initializer("unused")).isNull();
  }

  @Test
  void whatOldFilesListAmongTheInputsGoesWithTheWeightThatNothingNeeds() {
    Graph graph = new Graph("old");
    graph.addInput(ModelRuns.floats("x"));
    graph.addInput(ModelRuns.floats("w"));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(1), 1));
    graph.add(Node.of("Neg", List.of("x"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    graph.removeDead();
    assertThat(graph.initializer("w")).as("a default that callers may override").isNotNull();
    graph.setDefaultsFixed(true);
    graph.removeDead();
    assertThat(graph.initializers()).isEmpty();
    assertThat(graph.inputs()).extracting(ValueInfo::name).containsExactly("x");
  }
}
