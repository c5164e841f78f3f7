package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.BlockQuantizer.Method;
import dev.hone.onnx.quantize.BlockWeights.Importance;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.ModelRuns;
import dev.hone.onnx.testing.Texts;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a sentence transformer keeps of its answers when its weights have fewer bits. */
@Tag("slow")
class WeightFidelityTest {
  private static final List<long[]> TEXTS = MiniLm.tokenize(Texts.make(30));

  private static ModelData read() {
    ModelData model =
        ModelData.read(ModelSource.ofResource(WeightFidelityTest.class, MiniLm.RESOURCE));
    Constants.lift(model.graph());
    return model;
  }

  private static ModelData fused() {
    ModelData model = read();
    Fusions.apply(model);
    return model;
  }

  /** The mean cosine of the pooled answers of two models. */
  private static double cosine(ModelData exact, ModelData approximate) {
    try (Session first = ModelRuns.open(exact, Optimization.ALL);
        Session second = ModelRuns.open(approximate, Optimization.ALL)) {
      return TEXTS.stream()
          .mapToDouble(text -> cosine(first, second, text))
          .average()
          .orElseThrow();
    }
  }

  private static double cosine(Session first, Session second, long[] text) {
    try (Batch in = MiniLm.batch(text)) {
      double[] x = pooled(first, in);
      double[] y = pooled(second, in);
      double product = 0;
      double xx = 0;
      double yy = 0;
      for (int i = 0; i < x.length; i++) {
        product += x[i] * y[i];
        xx += x[i] * x[i];
        yy += y[i] * y[i];
      }
      return product / Math.sqrt(xx * yy);
    }
  }

  private static double[] pooled(Session session, Batch in) {
    try (Batch out = session.run(in)) {
      double[] sum = new double[(int) out.tensor(0).shape().length(-1)];
      float[] values = out.tensor(0).toFloatArray();
      for (int i = 0; i < values.length; i++) {
        sum[i % sum.length] += values[i];
      }
      return sum;
    }
  }

  @Test
  void eightBitsInBlocksKeepAlmostEverything() {
    ModelData model = fused();
    BlockWeights.apply(model, BlockQuantizer.INT8, Set.of());
    assertThat(cosine(read(), model)).isGreaterThan(0.9995);
  }

  @Test
  void fourBitsKeepEnoughWhereSensitiveProductsHaveEight() {
    ModelData model = fused();
    Set<String> eight = SensitiveProducts.of(model);
    assertThat(eight).hasSize(8);
    BlockWeights.apply(model, BlockQuantizer.INT4, Set.of(), eight, Importance.UNKNOWN);
    EmbeddingRows.apply(model, Set.of());
    assertThat(cosine(read(), model)).isGreaterThan(0.975);
    assertThat(ModelRuns.bytes(model).length).isLessThan(20_100_000);
  }

  @Test
  void theSearchBeatsRoundingToNearest() {
    double nearest = meanNoise(new BlockQuantizer(Method.SYMMETRIC, 4, 32));
    double asymmetric = meanNoise(new BlockQuantizer(Method.ROUND_TO_NEAREST, 4, 32));
    double searched = meanNoise(BlockQuantizer.INT4);
    assertThat(searched).isLessThan(0.8 * nearest).isLessThan(0.92 * asymmetric);
  }

  /** The mean square error of the weights, in parts of their mean square. */
  private static double meanNoise(BlockQuantizer quantizer) {
    return BlockWeights.apply(read(), quantizer, Set.of()).stream()
        .mapToDouble(NodeChoice::signalToNoiseDb)
        .filter(Double::isFinite)
        .map(decibels -> Math.pow(10, -decibels / 10))
        .average()
        .orElseThrow();
  }

  @Test
  void dynamicEightBitsFitTheSizeOfThePublishedFile() {
    ModelData model = fused();
    DynamicDense.apply(model, Set.of());
    EmbeddingRows.apply(model, Set.of());
    assertThat(ModelRuns.bytes(model).length).isLessThan(22_972_370);
    assertThat(cosine(read(), model)).isGreaterThan(0.99);
  }

  @Test
  void tablesByRowsAndHalvesChangeNextToNothing() {
    ModelData rows = read();
    EmbeddingRows.apply(rows, Set.of());
    assertThat(cosine(read(), rows)).isGreaterThan(0.9999);
    ModelData halves = read();
    HalfStorage.apply(halves, Set.of());
    assertThat(cosine(read(), halves)).isGreaterThan(0.999999);
  }
}
