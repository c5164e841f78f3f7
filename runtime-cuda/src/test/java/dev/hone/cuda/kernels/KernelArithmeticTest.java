package dev.hone.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the kernels' source computes, compiled for the host, is what Java says is right. */
class KernelArithmeticTest {
  private static final int CASES = 60;
  private static final long IN = 1L << 40;
  private static final long MASK = 2L << 40;
  private static final long OUT = 3L << 40;
  private static final long FACTORS = 4L << 40;

  @TempDir static @Nullable Path folder;
  private static @Nullable HostKernels kernels;

  @BeforeAll
  static void compile() throws Exception {
    Assumptions.assumeTrue(
        HostKernels.canCompile(),
        "g++ is not installed, and is what compiles kernels for the host");
    if (folder != null) {
      kernels = HostKernels.start(folder);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    if (kernels != null) {
      kernels.close();
      kernels = null;
    }
  }

  private static void run(Launch launch, Map<Long, byte[]> buffers, int seed) throws IOException {
    if (kernels == null) {
      throw new AssertionError("not compiled");
    }
    kernels.run(launch, buffers, seed);
  }

  private static byte[] bytes(DataType type, float[] values) {
    try (Tensor tensor = Tensor.allocate(type, Shape.of(values.length))) {
      tensor.copyFrom(values);
      return tensor.toByteArray();
    }
  }

  /** The values as the type holds them. */
  private static float[] rounded(DataType type, float[] values) {
    try (Tensor tensor = Tensor.allocate(type, Shape.of(values.length))) {
      tensor.copyFrom(values);
      return tensor.toFloatArray();
    }
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  private static byte[] longs(long[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return bytes.array();
  }

  /** The mean of the tokens that count, scaled to length 1, in double. */
  private static double[] meanPool(float[] hidden, long[] mask, int rows, int length, int width) {
    double[] out = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      double count = 0;
      for (int t = 0; t < length; t++) {
        if (mask[row * length + t] != 0) {
          count++;
          for (int i = 0; i < width; i++) {
            out[row * width + i] += hidden[(row * length + t) * width + i];
          }
        }
      }
      double square = 0;
      for (int i = 0; i < width; i++) {
        out[row * width + i] /= Math.max(count, 1e-9);
        square += out[row * width + i] * out[row * width + i];
      }
      for (int i = 0; i < width; i++) {
        out[row * width + i] /= Math.max(Math.sqrt(square), 1e-12);
      }
    }
    return out;
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void embeddingsAreTheNormalizedMeanOfTheTokensThatCount(DataType type) throws IOException {
    Random random = new Random(5);
    for (int each = 0; each < CASES; each++) {
      int rows = 1 + random.nextInt(4);
      int length = 1 + random.nextInt(40);
      int width = 1 + random.nextInt(each % 4 == 0 ? 1100 : 70);
      float[] values = new float[rows * length * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      long[] mask = new long[rows * length];
      for (int i = 0; i < mask.length; i++) {
        mask[i] = random.nextInt(3) == 0 ? 0 : random.nextInt(100) == 0 ? -7 : 1;
      }
      byte[] out = new byte[rows * width * 4];
      Map<Long, byte[]> buffers = new HashMap<>();
      buffers.put(IN, bytes(type, values));
      buffers.put(MASK, longs(mask));
      buffers.put(OUT, out);
      run(Launch.meanPool(type, IN, MASK, OUT, rows, length, width), buffers, each);
      double[] right = meanPool(rounded(type, values), mask, rows, length, width);
      float[] got = floats(out);
      for (int i = 0; i < right.length; i++) {
        assertThat((double) got[i])
            .as("case %d of %s[%d, %d, %d], element %d", each, type, rows, length, width, i)
            .isCloseTo(right[i], within(2e-6));
      }
    }
  }

  @Test
  void aRowWithoutTokensGivesZerosAndNotNumbersThatAreNone() throws IOException {
    byte[] out = new byte[2 * 3 * 4];
    Map<Long, byte[]> buffers = new HashMap<>();
    buffers.put(IN, bytes(DataType.FLOAT32, new float[] {1, 2, 2, 5, 6, 7}));
    buffers.put(MASK, longs(new long[] {1, 0}));
    buffers.put(OUT, out);
    run(Launch.meanPool(DataType.FLOAT32, IN, MASK, OUT, 2, 1, 3), buffers, 1);
    assertThat(floats(out))
        .containsExactly(new float[] {1 / 3f, 2 / 3f, 2 / 3f, 0, 0, 0}, within(1e-7f));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void imagesBecomePlanesBitForBit(DataType type) throws IOException {
    Random random = new Random(6);
    for (int each = 0; each < CASES; each++) {
      int images = 1 + random.nextInt(3);
      int pixels = 1 + random.nextInt(700);
      int channels = 1 + random.nextInt(4);
      byte[] in = new byte[images * pixels * channels];
      random.nextBytes(in);
      float[] factors = new float[2 * channels];
      for (int c = 0; c < channels; c++) {
        factors[c] = 1 / (255 * (0.2f + random.nextFloat()));
        factors[channels + c] = -random.nextFloat() * 3;
      }
      float[] right = new float[in.length];
      for (int i = 0; i < in.length; i++) {
        int c = i % channels;
        int pixel = i / channels % pixels;
        int image = i / channels / pixels;
        right[(image * channels + c) * pixels + pixel] =
            Math.fma((float) (in[i] & 0xFF), factors[c], factors[channels + c]);
      }
      byte[] out = new byte[(int) type.byteSize(in.length)];
      Map<Long, byte[]> buffers = new HashMap<>();
      buffers.put(IN, in);
      buffers.put(OUT, out);
      buffers.put(FACTORS, bytes(DataType.FLOAT32, factors));
      run(Launch.image(type, IN, OUT, FACTORS, images, pixels, channels), buffers, each);
      assertThat(out).isEqualTo(bytes(type, right));
    }
  }

  /** All 65,536 of them. */
  @Test
  void halvesAreReadAsJavaReads() throws IOException {
    ByteBuffer raw = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 1 << 16; i++) {
      raw.putShort(2 * i, (short) i);
    }
    float[] values;
    try (Tensor halves = Tensor.allocate(DataType.FLOAT16, Shape.of(1 << 16))) {
      halves.memory().lend(0, raw.capacity(), target -> target.put(raw.duplicate()));
      values = halves.toFloatArray();
    }
    // Each beside a power of two of its size: scaled to length 1, the ratio of the two stays.
    float[] powers = new float[values.length];
    float[] pairs = new float[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      boolean sized = values[i] != 0 && Float.isFinite(values[i]);
      powers[i] = sized ? Math.scalb(1f, Math.getExponent(values[i])) : 1;
      pairs[2 * i + 1] = powers[i];
    }
    byte[] in = bytes(DataType.FLOAT16, pairs);
    for (int i = 0; i < values.length; i++) {
      in[4 * i] = (byte) i;
      in[4 * i + 1] = (byte) (i >> 8);
    }
    long[] mask = new long[values.length];
    Arrays.fill(mask, 1);
    byte[] out = new byte[pairs.length * 4];
    Map<Long, byte[]> buffers = new HashMap<>();
    buffers.put(IN, in);
    buffers.put(MASK, longs(mask));
    buffers.put(OUT, out);
    Launch launch = Launch.meanPool(DataType.FLOAT16, IN, MASK, OUT, values.length, 1, 2);
    // Two threads are enough for a width of two, and much faster where they are no threads.
    run(new Launch(launch.kernel(), launch.blocks(), 2, launch.arguments()), buffers, 1);
    float[] got = floats(out);
    for (int i = 0; i < values.length; i++) {
      if (Float.isFinite(values[i])) {
        assertThat(got[2 * i] / got[2 * i + 1])
            .as("half %x, which is %s", i, values[i])
            .isCloseTo(values[i] / powers[i], within(1e-6f));
      } else {
        assertThat(got[2 * i]).as("what becomes of %s", values[i]).isNaN();
      }
    }
  }

  /** Every byte by many factors: halves of all sizes, ties, subnormal and infinite ones. */
  @Test
  void numbersBecomeHalvesAsJavaRounds() throws IOException {
    byte[] in = new byte[256];
    for (int i = 0; i < in.length; i++) {
      in[i] = (byte) i;
    }
    for (int exponent = -30; exponent < 20; exponent++) {
      for (float factor : new float[] {1, 1.25f, 1.0004883f, -1.0014648f, 0.9997f}) {
        float scale = Math.scalb(factor, exponent);
        float[] right = new float[in.length];
        for (int i = 0; i < in.length; i++) {
          right[i] = Math.fma((float) (in[i] & 0xFF), scale, 0f);
        }
        byte[] out = new byte[in.length * 2];
        Map<Long, byte[]> buffers = new HashMap<>();
        buffers.put(IN, in);
        buffers.put(OUT, out);
        buffers.put(FACTORS, bytes(DataType.FLOAT32, new float[] {scale, 0}));
        run(Launch.image(DataType.FLOAT16, IN, OUT, FACTORS, 1, in.length, 1), buffers, 1);
        assertThat(out).as("scale %s", scale).isEqualTo(bytes(DataType.FLOAT16, right));
      }
    }
  }
}
