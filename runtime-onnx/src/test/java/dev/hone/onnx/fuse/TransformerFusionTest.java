package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every form of attention and mask, in every opset: all is fused, and the answers stay. */
class TransformerFusionTest {
  private static final double TOLERANCE = 1e-4;
  private static final List<Long> OPSETS = List.of(11L, 13L, 14L, 17L, 20L);

  private static void assertSameAnswers(ModelData original, ModelData fused) {
    try (Session reference = ModelRuns.open(original, Optimization.NONE);
        Session plain = ModelRuns.open(fused, Optimization.NONE);
        Session all = ModelRuns.open(fused, Optimization.ALL)) {
      for (int[] shape : new int[][] {{1, 6}, {4, 5}, {5, 8}}) {
        try (Batch in = Block.input(shape[0], shape[1]);
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

  private static void assertAllFused(ModelData original, ModelData fused) {
    FusionReport report = Fusions.apply(fused);
    assertThat(report.notes()).isEmpty();
    assertThat(report.count("Attention")).isEqualTo(Block.LAYERS);
    assertThat(report.count("SkipLayerNormalization")).isEqualTo(2 * Block.LAYERS);
    assertThat(report.count("BiasGelu")).isEqualTo(Block.LAYERS);
    assertThat(fused.graph().nodes("Softmax")).isEmpty();
    assertThat(fused.graph().nodes("Reshape")).isEmpty();
    assertSameAnswers(original, fused);
  }

  static Stream<Arguments> attentions() {
    return OPSETS.stream()
        .flatMap(o -> Arrays.stream(AttentionStyle.values()).map(a -> Arguments.of(o, a)));
  }

  static Stream<Arguments> masks() {
    return OPSETS.stream()
        .flatMap(o -> Arrays.stream(MaskStyle.values()).map(m -> Arguments.of(o, m)));
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void everyFormOfAttentionIsFused(long opset, AttentionStyle attention) {
    ModelData original = Block.encoder(opset, attention, MaskStyle.SUBTRACTED);
    assertAllFused(original, Answers.lifted(original));
  }

  @ParameterizedTest
  @MethodSource("masks")
  void everyFormOfMaskIsRead(long opset, MaskStyle mask) {
    ModelData original = Block.encoder(opset, AttentionStyle.EAGER_MUL, mask);
    assertAllFused(original, Answers.lifted(original));
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void layersThatNormalizeFirstAreFused(long opset, AttentionStyle attention) {
    ModelData original = Block.preNormalized(opset, attention);
    assertAllFused(original, Answers.lifted(original));
  }
}
