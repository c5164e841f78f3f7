package dev.hone.onnx.quantize;

import static dev.hone.onnx.quantize.DenseGraphs.INNER;
import static dev.hone.onnx.quantize.DenseGraphs.answer;
import static dev.hone.onnx.quantize.DenseGraphs.calibrate;
import static dev.hone.onnx.quantize.DenseGraphs.node;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.StaticDense.Fidelity;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Feed-forward blocks with neurons that reach ten times as far as the others. */
class UnfoldingTest {
  private static final int NEURONS = 320;
  private static final int LOUD = 11;
  private static final float[] X = ChannelQuantizerTest.gaussian(60 * INNER, 5);

  private enum Form {
    BIAS_GELU,
    FAST_GELU,
    ADD_GELU,
    GEMM_GELU
  }

  private static ModelData block(Form form) {
    Graph graph = DenseGraphs.graph();
    float[] w1 = ChannelQuantizerTest.gaussian(INNER * NEURONS, 1);
    for (int i = 0; i < w1.length; i++) {
      w1[i] *= i % NEURONS == LOUD ? 0.7f : 0.05f;
    }
    graph.putInitializer(TensorData.ofFloats("w1", Shape.of(INNER, NEURONS), w1));
    DenseGraphs.weights(graph, "b1", 3, NEURONS);
    DenseGraphs.weights(graph, "w2", 4, NEURONS, INNER);
    graph.putValueInfo(
        ValueInfo.tensor("a", DataType.FLOAT32, Dimension.of(60), Dimension.of(NEURONS)));
    switch (form) {
      case BIAS_GELU, FAST_GELU ->
          graph.add(
              node("MatMul", "h", List.of("x", "w1")),
              Node.of(
                  "com.microsoft",
                  form == Form.BIAS_GELU ? "BiasGelu" : "FastGelu",
                  List.of("h", "b1"),
                  List.of("a")));
      case ADD_GELU ->
          graph.add(
              node("MatMul", "p", List.of("x", "w1")),
              node("Add", "h", List.of("b1", "p")),
              Node.of("com.microsoft", "Gelu", List.of("h"), List.of("a")));
      case GEMM_GELU ->
          graph.add(
              node("Gemm", "h", List.of("x", "w1", "b1"), Attribute.of("beta", 2f)),
              node("Gelu", "a", List.of("h")));
    }
    graph.add(node("MatMul", "y", List.of("a", "w2")));
    ModelData model = ModelData.of(graph, form == Form.GEMM_GELU ? 20 : 13);
    model.importOpset("com.microsoft", 1);
    return model;
  }

  private static ModelData quantized(ModelData model) {
    ModelData small = model.copy();
    StaticDense.apply(small, calibrate(model, X, 60, INNER), Set.of(), Fidelity.FAST);
    return small;
  }

  private static double decibels(ModelData model, ModelData small) {
    float[] exact = answer(model, Optimization.ALL, X, 60, INNER);
    float[] plain = answer(small, Optimization.NONE, X, 60, INNER);
    float[] fused = answer(small, Optimization.ALL, X, 60, INNER);
    assertThat(SignalToNoise.decibels(plain, fused)).isGreaterThan(80);
    return SignalToNoise.decibels(exact, fused);
  }

  @Test
  void loudNeuronsGetColumnsAndNoNodes() {
    for (Form form : Form.values()) {
      ModelData model = block(form);
      ModelData small = quantized(model);
      TensorData second = Objects.requireNonNull(small.graph().initializer("w2_changed_quantized"));
      assertThat(second.shape().length(0)).as("%s", form).isEqualTo(NEURONS + 16);
      assertThat(small.graph().nodes()).hasSize(5);
      assertThat(decibels(model, small)).as("%s", form).isGreaterThan(34);
    }
  }

  @Test
  void theErrorIsThatOfTheNarrowRange() {
    ModelData model = block(Form.BIAS_GELU);
    ModelData shared = model.copy(); // a second reader of the activation forbids the columns
    shared.graph().addOutput(ValueInfo.tensor("a", DataType.FLOAT32, (List<Dimension>) null));
    double without = decibels(model, quantized(shared));
    assertThat(decibels(model, quantized(model))).isGreaterThan(without + 4);
  }

  @Test
  void evenNeuronsAreLeftAlone() {
    ModelData model = block(Form.BIAS_GELU);
    DenseGraphs.weights(model.graph(), "w1", 1, INNER, NEURONS);
    ModelData small = quantized(model);
    assertThat(small.graph().initializer("w2_changed_quantized")).isNull();
    assertThat(small.graph().initializer("w2_quantized")).isNotNull();
  }
}
