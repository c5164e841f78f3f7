package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import org.junit.jupiter.api.Test;

class AffineTest {
  @Test
  void anAsymmetricRangeIsWidenedToHoldZero() {
    Affine affine = Affine.asymmetric(2, 6, Grid.UINT8);
    assertThat(affine).isEqualTo(new Affine(6f / 255, 0, Grid.UINT8));
    assertThat(Affine.asymmetric(-6, -2, Grid.UINT8).zeroPoint()).isEqualTo(255);
  }

  @Test
  void theScaleIsComputedInDoublePrecisionAndThenRounded() {
    Affine affine = Affine.asymmetric(-1.1f, 2.3f, Grid.UINT8);
    assertThat(affine.scale()).isEqualTo((float) (((double) 2.3f - (double) -1.1f) / 255));
    // 1.1 / (3.4 / 255) = 82.5000...: which side it falls on is decided by the double scale.
    assertThat(affine.zeroPoint()).isEqualTo(expectedZeroPoint(-1.1f, 2.3f));
  }

  private static int expectedZeroPoint(float lo, float hi) {
    BigDecimal scale =
        new BigDecimal(hi).subtract(new BigDecimal(lo)).divide(BigDecimal.valueOf(255), WIDE);
    return new BigDecimal(lo).negate().divide(scale, WIDE).setScale(0, HALF_EVEN).intValue();
  }

  private static final MathContext WIDE = new MathContext(60);
  private static final RoundingMode HALF_EVEN = RoundingMode.HALF_EVEN;

  @Test
  void aSymmetricSignedRangeHasZeroPointZero() {
    Affine affine = Affine.symmetric(-1, 3, Grid.INT8_SYMMETRIC);
    assertThat(affine).isEqualTo(new Affine(6f / 254, 0, Grid.INT8_SYMMETRIC));
    assertThat(affine.quantize(3)).isEqualTo(127);
    assertThat(affine.quantize(-3)).isEqualTo(-127);
  }

  @Test
  void aSymmetricUnsignedRangeHasItsZeroInTheMiddle() {
    // (0 + 255) / 2 = 127.5 goes to the even neighbour.
    assertThat(Affine.symmetric(-1, 1, Grid.UINT8).zeroPoint()).isEqualTo(128);
  }

  @Test
  void halvesRoundToTheEvenNeighbour() {
    Affine affine = new Affine(1, 0, Grid.INT8_SYMMETRIC);
    assertThat(affine.quantize(0.5f)).isZero();
    assertThat(affine.quantize(1.5f)).isEqualTo(2);
    assertThat(affine.quantize(-2.5f)).isEqualTo(-2);
  }

  @Test
  void valuesOutsideTheRangeAreClipped() {
    Affine affine = Affine.symmetric(-1, 1, Grid.INT8_SYMMETRIC);
    assertThat(affine.quantize(1e30f)).isEqualTo(127);
    assertThat(affine.quantize(Float.NEGATIVE_INFINITY)).isEqualTo(-127);
  }

  @Test
  void anEmptyRangeHasScaleOne() {
    assertThat(Affine.asymmetric(0, 0, Grid.UINT8)).isEqualTo(new Affine(1, 0, Grid.UINT8));
    assertThat(Affine.symmetric(-1e-40f, 0, Grid.INT8_SYMMETRIC))
        .isEqualTo(new Affine(1, 0, Grid.INT8_SYMMETRIC));
  }

  @Test
  void aRangeThatIsNotFiniteIsRefused() {
    assertThatThrownBy(() -> Affine.asymmetric(Float.NaN, 1, Grid.UINT8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NaN to 1.0")
        .hasMessageContaining("calibration data");
    assertThatThrownBy(() -> Affine.symmetric(2, 1, Grid.UINT8))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void theErrorInsideTheRangeIsAtMostOneStep(
      @ForAll @FloatRange(min = -1e6f, max = 1e6f) float a,
      @ForAll @FloatRange(min = -1e6f, max = 1e6f) float b,
      @ForAll @FloatRange(min = 0, max = 1) float where) {
    float lo = Math.min(a, b);
    float hi = Math.max(a, b);
    float x = lo + (hi - lo) * where;
    Affine uneven = Affine.asymmetric(lo, hi, Grid.UINT8);
    Affine even = Affine.symmetric(lo, hi, Grid.INT8_SYMMETRIC);
    assertThat(Math.abs(x - uneven.dequantize(uneven.quantize(x))))
        .isLessThanOrEqualTo(uneven.scale() * 1.0001f);
    assertThat(Math.abs(x - even.dequantize(even.quantize(x))))
        .isLessThanOrEqualTo(even.scale() * 0.5001f);
  }

  @Property
  void zeroIsExact(
      @ForAll @FloatRange(min = -1e6f, max = 1e6f) float a,
      @ForAll @FloatRange(min = -1e6f, max = 1e6f) float b) {
    Affine affine = Affine.asymmetric(Math.min(a, b), Math.max(a, b), Grid.UINT8);
    assertThat(affine.dequantize(affine.quantize(0))).isZero();
  }
}
