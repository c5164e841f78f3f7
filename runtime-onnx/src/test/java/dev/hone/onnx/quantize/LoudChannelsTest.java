package dev.hone.onnx.quantize;

import static dev.hone.onnx.quantize.DenseGraphs.INNER;
import static dev.hone.onnx.quantize.DenseGraphs.OUTPUTS;
import static dev.hone.onnx.quantize.DenseGraphs.answer;
import static dev.hone.onnx.quantize.DenseGraphs.calibrate;
import static dev.hone.onnx.quantize.DenseGraphs.node;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Shape;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.StaticDense.Fidelity;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One channel that reaches far beyond all others, before products of every kind. */
class LoudChannelsTest {
  private static final int LOUD = 7;
  private static final int ROWS = 40;

  private static float[] input() {
    float[] x = ChannelQuantizerTest.gaussian(ROWS * INNER, 5);
    for (int row = 0; row < ROWS; row++) {
      x[row * INNER + LOUD] *= 30;
    }
    return x;
  }

  private static List<String> operators(ModelData model) {
    return model.graph().nodes().stream().map(Node::op).toList();
  }

  private static ModelData quantized(ModelData model, Fidelity fidelity, String... excluded) {
    ModelData small = model.copy();
    StaticDense.apply(small, calibrate(model, input(), 4, 10, INNER), Set.of(excluded), fidelity);
    return small;
  }

  private static double decibels(ModelData model, ModelData small) {
    float[] exact = answer(model, Optimization.ALL, input(), 4, 10, INNER);
    float[] plain = answer(small, Optimization.NONE, input(), 4, 10, INNER);
    float[] fused = answer(small, Optimization.ALL, input(), 4, 10, INNER);
    assertThat(SignalToNoise.decibels(plain, fused)).isGreaterThan(100);
    return SignalToNoise.decibels(exact, fused);
  }

  @Test
  void aMulDividesThemWhereClosenessIsAskedFor() {
    ModelData model = DenseGraphs.matMul(13);
    ModelData fast = quantized(model, Fidelity.FAST);
    ModelData close = quantized(model, Fidelity.CLOSE);
    assertThat(operators(fast)).doesNotContain("Mul");
    assertThat(operators(close)).containsExactly("Mul", "QuantizeLinear", "MatMulIntegerToFloat");
    assertThat(decibels(model, close)).isGreaterThan(decibels(model, fast) + 4);
  }

  @Test
  void evenChannelsAreLeftAlone() {
    ModelData model = DenseGraphs.matMul(13);
    float[] even = ChannelQuantizerTest.gaussian(ROWS * INNER, 5);
    ModelData small = model.copy();
    StaticDense.apply(small, calibrate(model, even, ROWS, INNER), Set.of(), Fidelity.CLOSE);
    assertThat(operators(small)).doesNotContain("Mul");
  }

  /** x, normalized with one loud γ, times W; the residual reads the normalized value or not. */
  private static ModelData normalized(boolean residual) {
    Graph graph = DenseGraphs.graph();
    float[] gamma = DenseNoise.ones(INNER);
    gamma[LOUD] = 40;
    graph.putInitializer(TensorData.ofFloats("gamma", Shape.of(INNER), gamma));
    DenseGraphs.weights(graph, "beta", 3, INNER);
    DenseGraphs.weights(graph, "w", 1, INNER, INNER);
    graph.add(
        node("LayerNormalization", "n", List.of("x", "gamma", "beta")),
        node("MatMul", residual ? "p" : "y", List.of("n", "w")));
    if (residual) {
      graph.add(node("Add", "y", List.of("p", "n")));
    }
    return ModelData.of(graph, 17);
  }

  @Test
  void aNormalizationDividesThemForNothing() {
    ModelData small = quantized(normalized(false), Fidelity.FAST);
    assertThat(operators(small))
        .containsExactly("LayerNormalization", "QuantizeLinear", "MatMulIntegerToFloat");
    assertThat(small.graph().nodes().get(0).input(1)).startsWith("gamma_");
    assertThat(decibels(normalized(false), small)).isGreaterThan(30);
  }

  @Test
  void aNormalizationThatOthersReadIsLeft() {
    ModelData small = quantized(normalized(true), Fidelity.CLOSE);
    assertThat(small.graph().nodes().get(0).input(1)).isEqualTo("gamma");
    assertThat(operators(small)).contains("Mul");
  }

  /** Two products in a row; the first has a loud output column. */
  private static ModelData inARow(String between) {
    Graph graph = DenseGraphs.graph();
    DenseGraphs.weights(graph, "b1", 3, OUTPUTS);
    DenseGraphs.weights(graph, "w2", 4, OUTPUTS, 2 * INNER);
    float[] w1 = ChannelQuantizerTest.gaussian(INNER * OUTPUTS, 1);
    for (int i = 0; i < w1.length; i++) {
      w1[i] *= i % OUTPUTS == LOUD ? 3 : 0.05f;
    }
    graph.putInitializer(TensorData.ofFloats("w1", Shape.of(INNER, OUTPUTS), w1));
    graph.add(
        node("MatMul", "p", List.of("x", "w1")).named("first"),
        node("Add", "h", List.of("p", "b1")));
    if (!between.isEmpty()) {
      graph.add(node(between, "a", List.of("h")));
    }
    graph.add(node("MatMul", "y", List.of(between.isEmpty() ? "h" : "a", "w2")));
    return ModelData.of(graph, 13);
  }

  @Test
  void aProductBeforeDividesThemForNothing() {
    for (String between : List.of("", "Relu")) {
      ModelData model = inARow(between);
      ModelData small = quantized(model, Fidelity.FAST);
      assertThat(operators(small)).doesNotContain("Mul");
      NodeChoice second =
          StaticDense.apply(
                  model.copy(), calibrate(model, input(), 4, 10, INNER), Set.of(), Fidelity.FAST)
              .get(1);
      assertThat(second.reason()).contains("in the node before");
      double best = decibels(model, small);
      assertThat(best).isGreaterThan(decibels(model, quantized(inARow("Tanh"), Fidelity.FAST)));
    }
  }

  @Test
  void aProductThatStaysFloatDividesThemToo() {
    ModelData model = inARow("Relu");
    ModelData small = quantized(model, Fidelity.FAST, "first");
    assertThat(operators(small))
        .containsExactly("MatMul", "Add", "Relu", "QuantizeLinear", "MatMulIntegerToFloat");
    assertThat(small.graph().nodes().get(0).input(1)).isEqualTo("w1_changed");
    assertThat(decibels(model, small)).isGreaterThan(30);
  }

  @Test
  void attentionDividesItsValuesForNothing() {
    ModelData model = DenseGraphs.attention(Attribute.of("unidirectional", 1));
    Graph graph = model.graph();
    TensorData held = Objects.requireNonNull(graph.initializer("w"));
    float[] weights = held.toFloats();
    for (int row = 0; row < INNER; row++) {
      weights[row * 3 * INNER + 2 * INNER + LOUD] *= 40;
    }
    graph.putInitializer(TensorData.ofFloats("w", held.shape(), weights));
    DenseGraphs.weights(graph, "out", 9, INNER, INNER);
    graph.nodes().get(0).setOutput(0, "context");
    graph.add(node("MatMul", "y", List.of("context", "out")).named("projection"));
    ModelData fast = quantized(model, Fidelity.FAST);
    assertThat(operators(fast))
        .containsExactly("QuantizeLinear", "QAttention", "QuantizeLinear", "MatMulIntegerToFloat");
    ModelData floatAttention = quantized(model, Fidelity.FAST, "attention");
    assertThat(operators(floatAttention))
        .containsExactly("Attention", "QuantizeLinear", "MatMulIntegerToFloat");
    assertThat(decibels(model, floatAttention)).isGreaterThan(38);
  }

  @Test
  void theNodeThatSuffersMostIsRankedFirst() {
    Graph graph = DenseGraphs.graph();
    DenseGraphs.weights(graph, "w1", 1, INNER, OUTPUTS);
    DenseGraphs.weights(graph, "w2", 2, OUTPUTS, 2 * INNER);
    graph.add(
        node("MatMul", "h", List.of("x", "w1")).named("loud"),
        node("Tanh", "a", List.of("h")),
        node("MatMul", "y", List.of("a", "w2")).named("quiet"));
    ModelData model = ModelData.of(graph, 13);
    List<NodeError> ranking =
        StaticDense.ranking(model, calibrate(model, input(), 4, 10, INNER), Fidelity.FAST);
    assertThat(ranking).extracting(NodeError::node).containsExactly("loud", "quiet");
    assertThat(ranking.get(0).decibels()).isLessThan(ranking.get(1).decibels());
    assertThat(operators(model)).doesNotContain("QuantizeLinear");
  }
}
