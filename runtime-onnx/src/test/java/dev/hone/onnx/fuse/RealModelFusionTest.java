package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The sentence transformers that people use: every layer is found, and the answers stay. */
class RealModelFusionTest {
  /** The difference that the fused models may make, absolute, in outputs of size 1. */
  private static final double TOLERANCE = 1e-4;

  private static ModelData model(String resource) {
    return ModelData.read(ModelSource.ofResource(RealModelFusionTest.class, resource));
  }

  private static void assertFused(FusionReport report, int layers) {
    assertThat(report.count("Attention")).isEqualTo(layers);
    assertThat(report.count("SkipLayerNormalization")).isEqualTo(2 * layers);
    assertThat(report.count("BiasGelu")).isEqualTo(layers);
    assertThat(report.count("LayerNormalization")).isEqualTo(1);
    assertThat(report.count("Gelu")).isZero();
    assertThat(report.notes()).isEmpty();
  }

  private static void assertSameAnswers(ModelData original, ModelData fused) {
    try (Session reference = ModelRuns.open(original, Optimization.ALL);
        Session plain = ModelRuns.open(fused, Optimization.NONE);
        Session all = ModelRuns.open(fused, Optimization.ALL)) {
      for (int[] shape : new int[][] {{1, 1}, {1, 7}, {5, 16}}) {
        try (Batch in = Tokens.bert(shape[0], shape[1]);
            Batch wanted = reference.run(in);
            Batch gotPlain = plain.run(in);
            Batch gotAll = all.run(in)) {
          float[] expected = wanted.tensor(0).toFloatArray();
          assertThat(Answers.distance(gotPlain.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
          assertThat(Answers.distance(gotAll.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
        }
      }
    }
  }

  @Test
  void miniLmBecomesSixAttentions() {
    ModelData original = model("/all-minilm-l6-v2.onnx");
    ModelData fused = Answers.lifted(original);
    assertFused(Fusions.apply(fused), 6);
    assertSameAnswers(original, fused);
  }

  @Test
  @Tag("slow")
  void bgeSmallBecomesTwelveAttentions() {
    ModelData original = model("/bge-small-en-v1.5.onnx");
    ModelData fused = Answers.lifted(original);
    assertFused(Fusions.apply(fused), 12);
    assertSameAnswers(original, fused);
  }

  @Test
  void fusingTwiceWritesTheSameBytesAndFusingAgainChangesNothing() {
    ModelData one = Answers.lifted(model("/all-minilm-l6-v2.onnx"));
    ModelData two = one.copy();
    Fusions.apply(one);
    Fusions.apply(two);
    byte[] bytes = ModelRuns.bytes(one);
    assertThat(Arrays.equals(ModelRuns.bytes(two), bytes)).isTrue();
    assertThat(Fusions.apply(one).isEmpty()).isTrue();
    assertThat(Arrays.equals(ModelRuns.bytes(one), bytes)).isTrue();
  }

  @Test
  void theFasterGeluIsTakenOnRequest() {
    ModelData fused = Answers.lifted(model("/all-minilm-l6-v2.onnx"));
    FusionReport report = Fusions.apply(fused, FusionOptions.EXACT.withFastGelu(true));
    assertThat(report.count("FastGelu")).isEqualTo(6);
    assertThat(report.count("BiasGelu")).isZero();
    assertThat(fused.graph().nodes()).filteredOn(n -> n.op().equals("FastGelu")).hasSize(6);
  }
}
