package dev.hone.onnx.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  private final List<Batch> batches = new ArrayList<>();

  @AfterEach
  void close() {
    batches.forEach(Batch::close);
  }

  private Batch batch(String name, float[] values, long... shape) {
    Batch batch = Batch.of(name, Tensor.of(values, shape));
    batches.add(batch);
    return batch;
  }

  private static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** {@code double = x + x; y = log(double)}, of any shape. */
  private static ModelData doubling() {
    Graph graph = new Graph("doubling");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, (List<Dimension>) null));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, (List<Dimension>) null));
    graph.add(
        Node.of("Add", List.of("x", "x"), List.of("double")),
        Node.of("Log", List.of("double"), List.of("y")));
    return ModelData.of(graph, 13);
  }

  private static ValueStatistics collect(String value, List<Batch> data) {
    return Calibration.collect(doubling(), List.of(value), Set.of(value), data, ModelRuns::opener)
        .of(value);
  }

  @Test
  void statisticsOfAnInnerValueAreThoseOfAllBatches() {
    ValueStatistics seen =
        collect(
            "double",
            List.of(
                batch("x", new float[] {1, -2, 3, 4}, 2, 2), batch("x", new float[] {0, 8}, 1, 2)));
    assertThat(seen.count()).isEqualTo(6);
    assertThat(seen.range()).isEqualTo(new ValueRange(-4, 16));
    assertThat(seen.channelMin()).containsExactly(0, -4);
    assertThat(seen.channelMax()).containsExactly(6, 16);
    assertThat(seen.channelMean()).containsExactly(8 / 3f, 20 / 3f);
    assertThat(seen.channelMeanSquare()).containsExactly(40 / 3f, 336 / 3f);
    assertThat(seen.gram()).containsExactly(40, 40, 40, 336);
  }

  @Test
  void imagesHaveTheirChannelsOnAxisOne() {
    ValueStatistics seen =
        collect("x", List.of(batch("x", new float[] {1, 2, 3, 4, -5, 6, 7, 8}, 2, 2, 1, 2)));
    assertThat(seen.channelMin()).containsExactly(-5, 3);
    assertThat(seen.channelMax()).containsExactly(6, 8);
    assertThat(seen.channelMean()).containsExactly(4 / 4f, 22 / 4f);
    assertThat(seen.channelMeanSquare()).containsExactly(66 / 4f, 138 / 4f);
    assertThatThrownBy(seen::gram).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void channelsThatVaryAreNotMixedUp() {
    ValueStatistics seen =
        collect("x", List.of(batch("x", new float[6], 2, 3), batch("x", new float[4], 2, 2)));
    assertThat(seen.channels()).isZero();
    assertThat(seen.channelMin()).isEmpty();
    assertThat(seen.count()).isEqualTo(10);
  }

  @Test
  void theOrderOfBatchesDoesNotMatter() {
    Batch small = batch("x", gaussian(1000, 1), 100, 10);
    float[] large = gaussian(1000, 2);
    for (int i = 0; i < large.length; i++) {
      large[i] *= 1e6f;
    }
    Batch big = batch("x", large, 100, 10);
    ValueStatistics forward = collect("x", List.of(small, big));
    ValueStatistics backward = collect("x", List.of(big, small));
    for (double fraction : new double[] {0, 0.01, 0.3, 0.5, 0.999, 1}) {
      assertThat(forward.percentile(fraction)).isEqualTo(backward.percentile(fraction));
    }
    assertThat(forward.entropyRange(255)).isEqualTo(backward.entropyRange(255));
  }

  @Test
  void percentilesAreThoseOfTheSortedNumbers() {
    float[] values = gaussian(50_000, 3);
    ValueStatistics seen = collect("x", List.of(batch("x", values, 500, 100)));
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    for (double fraction : new double[] {0.001, 0.1, 0.5, 0.9, 0.9999}) {
      float exact = sorted[(int) (fraction * values.length)];
      assertThat(seen.percentile(fraction)).isCloseTo(exact, within(0.01f));
    }
    assertThat(seen.percentile(0)).isEqualTo(sorted[0]);
    assertThat(seen.percentile(1)).isEqualTo(sorted[sorted.length - 1]);
    ValueRange most = seen.percentileRange(0.98);
    assertThat(most.lo()).isCloseTo(sorted[500], within(0.01f));
    assertThat(most.hi()).isCloseTo(sorted[49_500], within(0.01f));
  }

  @Test
  void entropyCutsOffALoneOutlierAndKeepsAnEvenSpread() {
    float[] values = gaussian(50_000, 4);
    values[7] = 100;
    ValueRange cut = collect("x", List.of(batch("x", values, 500, 100))).entropyRange(255);
    assertThat(cut.hi()).isBetween(3f, 15f);
    float[] even = new float[50_000];
    for (int i = 0; i < even.length; i++) {
      even[i] = i / 50_000f;
    }
    ValueRange kept = collect("x", List.of(batch("x", even, 500, 100))).entropyRange(255);
    assertThat(kept.lo()).isZero();
    assertThat(kept.hi()).isGreaterThan(0.95f);
  }

  @Test
  void theRunningModelIsClosed() {
    int[] closed = {0};
    ModelRunner.Opener opener =
        data -> {
          ModelRunner inner = ModelRuns.opener(data);
          return new ModelRunner() {
            @Override
            public Batch run(Batch in) {
              return inner.run(in);
            }

            @Override
            public void close() {
              closed[0]++;
              inner.close();
            }
          };
        };
    Calibration.collect(
        doubling(), List.of("double"), List.of(batch("x", new float[] {1}, 1, 1)), opener);
    assertThat(closed[0]).isOne();
  }

  @Test
  void noDataIsRefused() {
    assertThatThrownBy(() -> collect("x", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Calibration needs data")
        .hasMessageContaining("a hundred rows");
  }

  @Test
  void aBatchOfAnotherModelIsRefusedByName() {
    assertThatThrownBy(() -> collect("x", List.of(batch("pixels", new float[4], 2, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'pixels'");
    Batch none = Batch.of(List.of(), List.of());
    assertThatThrownBy(() -> collect("x", List.of(none)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("The input x FLOAT32[...] is missing; ");
  }

  @Test
  void anInputThatIsNotFiniteIsFound() {
    Batch good = batch("x", new float[4], 2, 2);
    Batch bad = batch("x", new float[] {1, 2, Float.NaN, 4}, 2, 2);
    for (String value : List.of("x", "double")) {
      ValueStatistics seen = collect(value, List.of(good, bad));
      assertThat(seen.isFinite()).isFalse();
      assertThatThrownBy(seen::max)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'" + value + "' was not finite");
    }
  }

  @Test
  void aModelThatMakesNansItselfIsToldByItsValue() {
    ValueStatistics seen = collect("y", List.of(batch("x", new float[] {1, -1}, 1, 2)));
    assertThat(seen.isFinite()).isFalse();
    assertThatThrownBy(seen::min)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'y' was not finite");
  }

  @Test
  void aValueThatTheModelDoesNotHaveIsRefused() {
    assertThatThrownBy(() -> collect("z", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'z' is neither");
    Calibration calibration =
        Calibration.collect(
            doubling(),
            List.of("x"),
            List.of(batch("x", new float[] {1, 1}, 1, 2)),
            ModelRuns::opener);
    assertThat(calibration.has("y")).isFalse();
    assertThat(calibration.of("x").isConstant()).isTrue();
    assertThatThrownBy(() -> calibration.of("y"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'y' was not calibrated");
  }

  @Test
  void outputsThatNobodyAskedForAreNotComputed() {
    List<List<String>> outputs = new ArrayList<>();
    Graph graph = doubling().graph();
    graph.putInitializer(TensorData.ofFloats("unused", Shape.of(1), 1));
    Calibration.collect(
        ModelData.of(graph, 13),
        List.of("double"),
        List.of(batch("x", new float[] {1}, 1, 1)),
        data -> {
          outputs.add(data.graph().outputs().stream().map(ValueInfo::name).toList());
          return ModelRuns.opener(data);
        });
    assertThat(outputs).containsExactly(List.of("double"));
  }
}
