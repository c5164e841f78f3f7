package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.ModelSource;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The sentence transformers that people use: every layer is found, and the answers stay. */
class RealModelFusionTest {
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
    int[][] shapes = {{1, 1}, {1, 7}, {5, 16}};
    Answers.assertSame(original, Optimization.ALL, fused, Tokens::bert, shapes);
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
