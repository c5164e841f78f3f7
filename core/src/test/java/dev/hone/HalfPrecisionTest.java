package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Against the definitions of the two formats, computed with doubles. */
class HalfPrecisionTest {
  private static double valueOf(int bits, int exponentBits, int fractionBits) {
    int bias = (1 << (exponentBits - 1)) - 1;
    int exponent = (bits >>> fractionBits) & ((1 << exponentBits) - 1);
    double fraction = (bits & ((1 << fractionBits) - 1)) / (double) (1 << fractionBits);
    double sign = (bits & 0x8000) == 0 ? 1 : -1;
    if (exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * Math.scalb(fraction, 1 - bias)
        : sign * Math.scalb(1 + fraction, exponent - bias);
  }

  @Test
  void everyBitPatternHasItsValue() {
    for (int bits = 0; bits < 0x10000; bits++) {
      assertThat((double) HalfPrecision.float16ToFloat((short) bits))
          .isEqualTo((Double) valueOf(bits, 5, 10));
      assertThat((double) HalfPrecision.bfloat16ToFloat((short) bits))
          .isEqualTo((Double) valueOf(bits, 8, 7));
    }
  }

  @Test
  void everyBitPatternComesBack() {
    for (int bits = 0; bits < 0x10000; bits++) {
      if (!Double.isNaN(valueOf(bits, 5, 10))) {
        float value = HalfPrecision.float16ToFloat((short) bits);
        assertThat(HalfPrecision.floatToFloat16(value)).isEqualTo((short) bits);
      }
      if (!Double.isNaN(valueOf(bits, 8, 7))) {
        float value = HalfPrecision.bfloat16ToFloat((short) bits);
        assertThat(HalfPrecision.floatToBfloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  /** The nearest of all finite values and the first beyond; of two equally near, the even one. */
  private static int nearest(NavigableMap<Double, Integer> values, double magnitude) {
    var below = values.floorEntry(magnitude);
    var above = values.ceilingEntry(magnitude);
    if (above == null) {
      return values.lastEntry().getValue();
    }
    double down = magnitude - below.getKey();
    double up = above.getKey() - magnitude;
    boolean takeBelow = down < up || (down == up && below.getValue() % 2 == 0);
    return takeBelow ? below.getValue() : above.getValue();
  }

  @Test
  void valuesBetweenAreRoundedToTheNearestAndTiesToEven() {
    check(5, 10);
    check(8, 7);
  }

  private static void check(int exponentBits, int fractionBits) {
    NavigableMap<Double, Integer> values = new TreeMap<>();
    int infinity = ((1 << exponentBits) - 1) << fractionBits;
    for (int bits = 0; bits < infinity; bits++) {
      values.put(valueOf(bits, exponentBits, fractionBits), bits);
    }
    double last = values.lastKey();
    values.put(last + (last - values.lowerKey(last)), infinity); // what rounds to it is infinite
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      int lower = random.nextInt(infinity - 1);
      float a = (float) valueOf(lower, exponentBits, fractionBits);
      float b = (float) valueOf(lower + 1, exponentBits, fractionBits);
      float middle = (float) ((a + (double) b) / 2);
      for (float value : new float[] {middle, Math.nextUp(middle), Math.nextDown(middle)}) {
        int expected = nearest(values, value);
        assertThat(convert(value, exponentBits)).as("%s", value).isEqualTo((short) expected);
        assertThat(convert(-value, exponentBits)).isEqualTo((short) (expected | 0x8000));
      }
    }
  }

  private static short convert(float value, int exponentBits) {
    return exponentBits == 5
        ? HalfPrecision.floatToFloat16(value)
        : HalfPrecision.floatToBfloat16(value);
  }

  @Test
  void whatIsNoNumberStaysSo() {
    for (int bits : new int[] {0x7fc00000, 0x7f800001, 0xff800001, 0x7fffffff}) {
      float nan = Float.intBitsToFloat(bits);
      assertThat(HalfPrecision.float16ToFloat(HalfPrecision.floatToFloat16(nan))).isNaN();
      assertThat(HalfPrecision.bfloat16ToFloat(HalfPrecision.floatToBfloat16(nan))).isNaN();
    }
    assertThat(HalfPrecision.floatToFloat16(65520f)).isEqualTo((short) 0x7c00);
    assertThat(HalfPrecision.floatToFloat16(65519.996f)).isEqualTo((short) 0x7bff);
  }
}
