package dev.hone.onnx.quantize;

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
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Weights of convolutions that are stored smaller than they are computed with. */
class ConvStorageTest {
  private static final int INPUTS = 48;
  private static final int OUTPUTS = 32;

  private final Random random = new Random(11);
  private final float[] means = numbers(INPUTS, 3);

  private float[] numbers(int count, float middle) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = middle + (float) random.nextGaussian();
    }
    return numbers;
  }

  private ModelData convolution(boolean bias) {
    Graph graph = new Graph("one");
    Dimension any = Dimension.unknown();
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, any, Dimension.of(INPUTS), any, any));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, any, any, any, any));
    graph.putInitializer(
        TensorData.ofFloats("w", Shape.of(OUTPUTS, INPUTS, 1, 1), numbers(OUTPUTS * INPUTS, 0)));
    graph.putInitializer(TensorData.ofFloats("b", Shape.of(OUTPUTS), numbers(OUTPUTS, 0)));
    List<String> inputs = bias ? List.of("x", "w", "b") : List.of("x", "w");
    graph.add(Node.of("Conv", inputs, List.of("y")));
    graph.removeDead();
    return ModelData.of(graph, 13);
  }

  private ChannelRanges ranges() {
    return new ChannelRanges(means, means, means, means, INPUTS, end -> 0);
  }

  private double store(ModelData model, Form form, ChannelRanges.Source ranges) {
    double noise =
        new ConvStorage(model.graph(), form, ranges).store(model.graph().nodes("Conv").get(0));
    model.graph().sort();
    model.graph().removeDead();
    return noise;
  }

  /** The greatest difference of two models' answers to the means of their inputs. */
  private double differenceAtTheMeans(ModelData a, ModelData b) {
    try (Batch in = Batch.of("x", Tensor.of(means, 1, INPUTS, 1, 1))) {
      float[] exact = ModelRuns.run(a, Optimization.ALL, in);
      float[] close = ModelRuns.run(b, Optimization.ALL, in);
      double greatest = 0;
      for (int i = 0; i < exact.length; i++) {
        greatest = Math.max(greatest, Math.abs(exact[i] - close[i]));
      }
      return greatest;
    }
  }

  @Test
  void whatBytesTakeFromAnOutputOnAverageGoesIntoItsBias() {
    for (boolean bias : new boolean[] {true, false}) {
      ModelData exact = convolution(bias);
      ModelData corrected = exact.copy();
      ModelData plain = exact.copy();
      store(corrected, Form.WEIGHT_INT8, value -> ranges());
      store(plain, Form.WEIGHT_INT8, value -> null);
      assertThat(differenceAtTheMeans(exact, corrected)).isLessThan(1e-4);
      assertThat(differenceAtTheMeans(exact, plain)).isGreaterThan(1e-2);
    }
  }

  @Test
  void aConvolutionGetsNoBiasWhereNoMeanIsKnown() {
    ModelData model = convolution(false);
    float[] none = new float[INPUTS];
    store(
        model,
        Form.WEIGHT_INT8,
        value -> new ChannelRanges(none, means, none, means, INPUTS, end -> 0));
    assertThat(model.graph().nodes("Conv").get(0).hasInput(2)).isFalse();
  }

  @Test
  void halvesAreFarCloserThanBytes() {
    ModelData model = convolution(true);
    assertThat(store(model.copy(), Form.WEIGHT_INT8, value -> null)).isCloseTo(43, within(3.0));
    assertThat(store(model, Form.HALF_STORAGE, value -> null)).isGreaterThan(70);
    assertThat(model.graph().initializers())
        .extracting(TensorData::type)
        .contains(DataType.FLOAT16);
  }

  @Test
  void aWeightBeyondTheHalvesStaysAFloat() {
    ModelData model = convolution(true);
    float[] weights = numbers(OUTPUTS * INPUTS, 0);
    weights[7] = 70_000;
    model
        .graph()
        .putInitializer(TensorData.ofFloats("w", Shape.of(OUTPUTS, INPUTS, 1, 1), weights));
    assertThat(store(model, Form.HALF_STORAGE, value -> null)).isNaN();
    assertThat(model.graph().constant("w")).isNotNull();
  }
}
