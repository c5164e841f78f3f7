package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.memory.Memory;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
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
    try (Session reference = Runs.open(original, Optimization.ALL);
        Session plain = Runs.open(fused, Optimization.NONE);
        Session all = Runs.open(fused, Optimization.ALL)) {
      for (int[] shape : new int[][] {{1, 1}, {1, 7}, {5, 16}}) {
        try (Batch in = Tokens.bert(shape[0], shape[1]);
            Batch wanted = reference.run(in);
            Batch gotPlain = plain.run(in);
            Batch gotAll = all.run(in)) {
          float[] expected = wanted.tensor(0).toFloatArray();
          assertThat(Runs.distance(gotPlain.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
          assertThat(Runs.distance(gotAll.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
        }
      }
    }
  }

  @Test
  void miniLmBecomesSixAttentions() {
    ModelData original = model("/all-minilm-l6-v2.onnx");
    ModelData fused = Runs.lifted(original);
    assertFused(Fusions.apply(fused), 6);
    assertSameAnswers(original, fused);
  }

  @Test
  @Tag("slow")
  void bgeSmallBecomesTwelveAttentions() {
    ModelData original = model("/bge-small-en-v1.5.onnx");
    ModelData fused = Runs.lifted(original);
    assertFused(Fusions.apply(fused), 12);
    assertSameAnswers(original, fused);
  }

  @Test
  void fusingTwiceWritesTheSameBytesAndFusingAgainChangesNothing() {
    ModelData one = Runs.lifted(model("/all-minilm-l6-v2.onnx"));
    ModelData two = one.copy();
    Fusions.apply(one);
    Fusions.apply(two);
    byte[] bytes = bytes(one);
    assertThat(Arrays.equals(bytes(two), bytes)).isTrue();
    assertThat(Fusions.apply(one).isEmpty()).isTrue();
    assertThat(Arrays.equals(bytes(one), bytes)).isTrue();
  }

  @Test
  void theFasterGeluIsTakenOnRequest() {
    ModelData fused = Runs.lifted(model("/all-minilm-l6-v2.onnx"));
    FusionReport report = Fusions.apply(fused, FusionOptions.EXACT.withFastGelu(true));
    assertThat(report.count("FastGelu")).isEqualTo(6);
    assertThat(report.count("BiasGelu")).isZero();
    assertThat(fused.graph().nodes()).filteredOn(n -> n.op().equals("FastGelu")).hasSize(6);
  }

  private static byte[] bytes(ModelData model) {
    try (Memory memory = model.toMemory()) {
      byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }
}
