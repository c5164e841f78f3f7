package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.contract.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoLeaks.class)
class TensorTest {
  @Test
  void valuesComeBackAsTheyWentIn() {
    try (Tensor floats = Tensor.of(new float[][] {{1, 2}, {3, 4}});
        Tensor doubles = Tensor.of(new double[] {0.1, -2});
        Tensor longs = Tensor.of(new long[] {Long.MIN_VALUE, Long.MAX_VALUE});
        Tensor ints = Tensor.of(new int[] {-1, 7}, 2, 1);
        Tensor truths = Tensor.of(new boolean[] {true, false});
        Tensor texts = Tensor.of(new String[] {"grün", ""})) {
      assertThat(floats.toFloatMatrix()).isDeepEqualTo(new float[][] {{1, 2}, {3, 4}});
      assertThat(doubles.toDoubleArray()).containsExactly(0.1, -2);
      assertThat(longs.toLongArray()).containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
      assertThat(ints.toLongArray()).containsExactly(-1, 7);
      assertThat(ints).hasToString("INT32[2, 1]");
      assertThat(truths.toLongArray()).containsExactly(1, 0);
      assertThat(texts.toStringArray()).containsExactly("grün", "");
    }
  }

  @Test
  void tokensTruthsAndBytesComeBackInTheFormThatJavaHasForThem() {
    try (Tensor tokens = Tensor.of(new long[][] {{1, 2, 3}, {4, 5, 6}});
        Tensor ints = Tensor.of(new int[][] {{-7}, {8}});
        Tensor truths = Tensor.of(new boolean[] {true, false});
        Tensor pixels = Tensor.of(DataType.UINT8, new byte[] {0, 1, (byte) 200, 3}, 1, 2, 2);
        Tensor shorts = Tensor.of(DataType.INT16, new byte[] {1, 1, 0, 2})) {
      assertThat(tokens.toLongMatrix()).isDeepEqualTo(new long[][] {{1, 2, 3}, {4, 5, 6}});
      assertThat(tokens.toIntArray()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(ints.toIntArray()).containsExactly(-7, 8);
      assertThat(ints).hasToString("INT32[2, 1]");
      assertThat(truths.toBooleanArray()).containsExactly(true, false);
      assertThat(pixels.toLongArray()).containsExactly(0, 1, 200, 3);
      assertThat(pixels).hasToString("UINT8[1, 2, 2]");
      assertThat(shorts.toLongArray()).containsExactly(257, 512);
    }
  }

  @Test
  void whatJavaCannotHoldIsRefusedWithTheRemedy() {
    byte[] ones = new byte[8];
    Arrays.fill(ones, (byte) -1);
    try (Tensor large = Tensor.of(new long[] {1, 1L << 40});
        Tensor greatest = Tensor.of(DataType.UINT64, ones);
        Tensor number = Tensor.scalar(2.5)) {
      refuses(large::toIntArray, "element 1", "INT64", "1099511627776", "toLongArray");
      refuses(greatest::toIntArray, "element 0", "UINT64", "18446744073709551615", "its bits");
      assertThat(greatest.toLongArray()).containsExactly(-1);
      refuses(number::toBooleanArray, "FLOAT64", "truth values", "toDoubleArray");
      refuses(number::toLongArray, "FLOAT64", "integer values", "toDoubleArray");
    }
    refuses(() -> Tensor.of(DataType.FLOAT32, new byte[6], 2), "FLOAT32[2]", "8 bytes", "6");
    refuses(() -> Tensor.of(DataType.FLOAT32, new byte[6]), "FLOAT32[1]", "4 bytes", "6");
    refuses(() -> Tensor.of(DataType.STRING, new byte[6]), "Tensor.of(String[])");
    try (Tensor words = Tensor.of(new String[] {"a"})) {
      refuses(words::toByteArray, "STRING", "toStringArray");
      refuses(words::view, "STRING", "toStringArray");
      refuses(() -> Tensor.of(DataType.STRING, Shape.of(1), words.memory()), "Tensor.of(String[])");
    }
    refuses(() -> Tensor.of(new float[2][]), "row 0 of 2", "must not be null");
    refuses(() -> Tensor.of(new long[][] {{1}, null}), "row 1 of 2", "must not be null");
    long[][] many = new long[1 << 16][];
    Arrays.fill(many, new long[1 << 16]); // one row again and again: together 2^32 values
    refuses(() -> Tensor.of(many), "65536 rows of 65536", "4294967296", "fewer rows");
  }

  private static void refuses(Runnable use, String... words) {
    assertThatThrownBy(use::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void aClosedTensorSaysSoWithWhatItWas() {
    Tensor tensor = Tensor.of(new float[] {1, 2});
    tensor.close();
    assertThat(tensor).hasToString("FLOAT32[2] (closed)");
    assertThatThrownBy(tensor::toFloatArray)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("8 bytes", "was closed", "after its last use");
  }

  @ParameterizedTest
  @EnumSource(names = {"INT4", "INT8", "INT16", "INT32", "UINT4", "UINT8", "UINT16", "UINT32"})
  void anIntegerTypeHoldsItsWholeRangeAndRefusesMore(DataType type) {
    boolean signed = !type.name().startsWith("U");
    long least = signed ? -(1L << (type.bits() - 1)) : 0;
    long most = signed ? -least - 1 : (1L << type.bits()) - 1;
    try (Tensor tensor = Tensor.allocate(type, Shape.of(3))) { // odd, so that INT4 ends in a half
      tensor.copyFrom(new long[] {least, 1, most});
      assertThat(tensor.toLongArray()).containsExactly(least, 1, most);
      assertThatThrownBy(() -> tensor.copyFrom(new long[] {0, most + 1, 0}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(type + " holds " + least + " to " + most, "" + (most + 1));
    }
  }

  @Test
  void halvesAreWidenedWhenRead() {
    try (Tensor half = Tensor.allocate(DataType.FLOAT16, Shape.of(2));
        Tensor brain = Tensor.allocate(DataType.BFLOAT16, Shape.of(2))) {
      half.copyFrom(new float[] {1.5f, -65504});
      brain.copyFrom(new float[] {1.5f, 0x1p100f});
      assertThat(half.toFloatArray()).containsExactly(1.5f, -65504);
      assertThat(brain.toFloatArray()).containsExactly(1.5f, 0x1p100f);
    }
  }

  @Test
  void scalarsAreOfTheTypeOfTheirValue() {
    try (Tensor truth = Tensor.scalar(true);
        Tensor number = Tensor.scalar(0.5);
        Tensor count = Tensor.scalar(3)) {
      assertThat(truth).hasToString("BOOL[]");
      assertThat(truth.toBooleanArray()).containsExactly(true);
      assertThat(number).hasToString("FLOAT64[]");
      assertThat(count).hasToString("INT64[]");
    }
  }

  @Test
  void aScalarHasRankZeroAndOneValue() {
    try (Tensor scalar = Tensor.scalar(7)) {
      assertThat(scalar.shape().rank()).isZero();
      assertThat(scalar.toLongArray()).containsExactly(7);
    }
  }

  @Test
  void wrappingSharesTheBufferAndCopyingDoesNot() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    try (Tensor tensor = Tensor.wrap(DataType.FLOAT32, Shape.of(2), buffer)) {
      buffer.putFloat(4, 3);
      assertThat(tensor.toFloatArray()).containsExactly(0, 3);
    }
  }

  @Test
  void aBufferThatCannotBeWrappedIsRefusedWithTheRemedy() {
    ByteOrder foreign =
        ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
    refusesToWrap(
        ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()), "heap", "ByteBuffer.allocateDirect");
    refusesToWrap(ByteBuffer.allocate(8).order(foreign), "heap", "ByteBuffer.allocateDirect");
    refusesToWrap(ByteBuffer.allocateDirect(8).order(foreign), "byte order", "buffer.order(");
    refusesToWrap(
        ByteBuffer.allocateDirect(7).order(ByteOrder.nativeOrder()), "needs 8 bytes", "has 7");
  }

  private static void refusesToWrap(ByteBuffer buffer, String... words) {
    assertThatThrownBy(() -> Tensor.wrap(DataType.FLOAT32, Shape.of(2), buffer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void aViewOutlivesItsTensor() {
    FloatBuffer view;
    try (Tensor tensor = Tensor.of(new float[] {1, 2})) {
      view = tensor.view().asFloatBuffer();
    }
    assertThat(view.get(1)).isEqualTo(2);
  }

  @Test
  void everyUseOfAClosedTensorIsRefusedAndClosingTwiceIsSilent() {
    Tensor tensor = Tensor.of(new float[] {1});
    Tensor texts = Tensor.of(new String[] {"a"});
    for (int i = 0; i < 2; i++) {
      tensor.close();
      texts.close();
    }
    assertThatThrownBy(tensor::toFloatArray).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tensor::view).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tensor.copyFrom(new float[] {2}))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(texts::toStringArray).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatDoesNotFitTogetherIsRefused() {
    try (Tensor tensor = Tensor.of(new float[] {1, 2})) {
      assertThatThrownBy(() -> tensor.copyFrom(new float[3]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("FLOAT32[2]", "2 elements", "3 values");
      assertThatThrownBy(tensor::toLongArray)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("FLOAT32");
      assertThatThrownBy(() -> Tensor.of(new float[4], 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("[3]", "3 elements", "4");
    }
  }

  @Test
  void aSizeThatNoMachineHasIsRefusedInWords() {
    assertThatThrownBy(() -> Tensor.allocate(DataType.FLOAT64, Shape.of(1L << 61)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("FLOAT64[2305843009213693952]", "2^63-1 bytes");
  }
}
