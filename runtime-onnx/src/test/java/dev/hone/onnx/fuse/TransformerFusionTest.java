package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every form of attention and mask, in every opset: all is fused, and the answers stay. */
class TransformerFusionTest {
  private static final List<Long> OPSETS = List.of(11L, 13L, 14L, 17L, 20L);

  private static void assertSameAnswers(ModelData original, ModelData fused) {
    int[][] shapes = {{1, 6}, {4, 5}, {5, 8}};
    Answers.assertSame(original, Optimization.NONE, fused, Block::input, shapes);
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
