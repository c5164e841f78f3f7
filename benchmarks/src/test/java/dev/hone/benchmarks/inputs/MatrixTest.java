package dev.hone.benchmarks.inputs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatrixTest {
  @Test
  void oneOfAHundredGaussianWeightsIsFiveToTenDeviationsAway() {
    for (Matrix matrix : Matrix.gaussianWithOutliers(2, 256)) {
      double[] sizes = new double[256 * 256];
      Arrays.setAll(sizes, i -> Math.abs(matrix.values()[i]) * 16);
      assertThat(Arrays.stream(sizes).max().orElse(0)).isBetween(9.9, 10.0001);
      double far = Arrays.stream(sizes).filter(size -> size > 4.9).count();
      assertThat(far / sizes.length).isCloseTo(0.01, within(0.001));
      double square = Arrays.stream(sizes).filter(s -> s < 4.9).map(s -> s * s).average().orElse(0);
      assertThat(square).isCloseTo(1, within(0.02));
    }
  }

  @Test
  void aBlockIsRoundedAroundZeroWithMinusEightForItsPeak() {
    float[] exact = new float[32];
    float[] clipped = new float[32];
    for (int i = 0; i < 32; i++) {
      exact[i] = 0.5f * (i % 16 - 8); // -4 to 3.5
      clipped[i] = i == 0 ? 8 : i == 1 ? -8 : 0; // 8 is code -8, so -8 becomes code 7
    }
    assertThat(new Matrix("m", 32, 1, exact).decibelsRoundedAroundZero())
        .isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(new Matrix("m", 32, 1, clipped).decibelsRoundedAroundZero())
        .isCloseTo(10 * Math.log10(128), within(1e-9));
  }

  @Test
  void aColumnIsCutIntoBlocksOfThirtyTwo() {
    float[] values = new float[2 * 40];
    values[0] = 1000; // row 0, column 0: it spoils the other small ones of its block alone
    values[2 * 1] = 0.3f;
    values[2 * 1 + 1] = 0.3f; // column 1: exact
    values[2 * 39] = 0.7f; // the second block of column 0: exact
    double noise = 0.3 * 0.3;
    double signal = 1e6 + 2 * 0.09 + 0.49;
    assertThat(new Matrix("m", 40, 2, values).decibelsRoundedAroundZero())
        .isCloseTo(10 * Math.log10(signal / noise), within(1e-3));
  }

  @Test
  void theModelMultipliesByEachAndGivesItsWeightsBack() throws Exception {
    List<Matrix> matrices =
        List.of(
            new Matrix("a", 2, 1, new float[] {1, 2}),
            new Matrix("b", 2, 2, new float[] {1, 0, 0, 3}));
    byte[] bytes = Matrix.model(matrices);
    try (Session session = Session.open(Model.load(bytes));
        Batch in = Batch.of("x2", Tensor.of(new float[] {10, 1}, 1, 2));
        Batch out = session.run(in)) {
      assertThat(out.get("a/y").toFloatArray()).containsExactly(12);
      assertThat(out.get("b/y").toFloatArray()).containsExactly(10, 3);
    }
    assertThat(Matrix.of(ModelProto.parseFrom(bytes)))
        .usingRecursiveComparison()
        .isEqualTo(matrices);
  }
}
