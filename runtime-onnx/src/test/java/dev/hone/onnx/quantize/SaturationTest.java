package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What happens on a processor without VNNI, emulated: VPMADDUBSW multiplies unsigned by signed
 * bytes and adds two neighbouring products in 16 bits with saturation, and only then widens.
 */
class SaturationTest {
  private static final int INNER = 384;
  private static final int OUTPUTS = 64;

  private static int saturating(byte[] unsigned, byte[] signed) {
    int sum = 0;
    for (int i = 0; i < unsigned.length; i += 2) {
      int pair = (unsigned[i] & 0xff) * signed[i] + (unsigned[i + 1] & 0xff) * signed[i + 1];
      sum += Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, pair));
    }
    return sum;
  }

  private static int exact(byte[] unsigned, byte[] signed) {
    int sum = 0;
    for (int i = 0; i < unsigned.length; i++) {
      sum += (unsigned[i] & 0xff) * signed[i];
    }
    return sum;
  }

  /** The cosine between a float product and the quantized one, computed one way or the other. */
  private static double cosine(Grid weightGrid, boolean saturates) {
    float[] weights = evenWeights();
    QuantizedMatrix q =
        ChannelQuantizer.symmetric(weights, OUTPUTS, Granularity.COLUMN, weightGrid);
    float[] x = activations();
    Affine affine = Affine.asymmetric(-4, 4, Grid.UINT8);
    byte[] xq = new byte[INNER];
    int sumOfX = 0;
    double dot = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < INNER; i++) {
      xq[i] = (byte) affine.quantize(x[i]);
      sumOfX += xq[i] & 0xff;
    }
    assertThat(sumOfX).isPositive();
    for (int j = 0; j < OUTPUTS; j++) {
      byte[] column = new byte[INNER];
      double real = 0;
      int sumOfColumn = 0;
      for (int i = 0; i < INNER; i++) {
        column[i] = q.values()[i * OUTPUTS + j];
        real += x[i] * weights[i * OUTPUTS + j];
        sumOfColumn += column[i];
      }
      int product = saturates ? saturating(xq, column) : exact(xq, column);
      double got = (product - affine.zeroPoint() * sumOfColumn) * affine.scale() * q.scales()[j];
      dot += real * got;
      left += real * real;
      right += got * got;
    }
    return dot / Math.sqrt(left * right);
  }

  /** Weights that use all of their range, as those of small convolutions do. */
  private static float[] evenWeights() {
    Random random = new Random(11);
    float[] weights = new float[INNER * OUTPUTS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat() * 2 - 1;
    }
    return weights;
  }

  /** Values around a zero point of 128: what normalized, not rectified, activations look like. */
  private static float[] activations() {
    Random random = new Random(12);
    float[] x = new float[INNER];
    for (int i = 0; i < INNER; i++) {
      x[i] = (float) Math.max(-4, Math.min(4, random.nextGaussian()));
    }
    return x;
  }

  @Test
  void fullRangeWeightsAreWrongWherePairsSaturate() {
    assertThat(cosine(Grid.INT8_SYMMETRIC, false)).isGreaterThan(0.999);
    assertThat(cosine(Grid.INT8_SYMMETRIC, true)).isLessThan(0.995);
  }

  @Test
  void sevenBitWeightsAreTheSameEitherWay() {
    assertThat(cosine(Grid.INT8_REDUCED, true)).isEqualTo(cosine(Grid.INT8_REDUCED, false));
    assertThat(cosine(Grid.INT8_REDUCED, true)).isGreaterThan(0.999);
  }

  @Test
  void unsignedWeightsInExactArithmeticAreThoseOfThePolicy() {
    // x64quantprecision moves weights to unsigned: (w + 128) with zero point 128 is the same sum.
    byte[] x = {(byte) 255, (byte) 255};
    byte[] w = {127, 127};
    assertThat(saturating(x, w)).isEqualTo(Short.MAX_VALUE).isNotEqualTo(exact(x, w));
    int moved = 255 * (127 + 128) * 2 - 128 * (255 + 255);
    assertThat(moved).isEqualTo(exact(x, w));
  }

  /**
   * Products as {@link StaticDense} writes them: signed weights with one zero point, 0, for all.
   * The policy's rewriting makes them unsigned with zero point 128.
   */
  @Test
  void staticProductsNeedThePolicyAndAreExactWithIt() {
    float[] x = activations();
    ModelData small = DenseGraphs.quantized(DenseGraphs.matMul(13), twice(x), 4, INNER / 2);
    Node product = small.graph().nodes().get(small.graph().nodes().size() - 1);
    assertThat(product.op()).isEqualTo("MatMulIntegerToFloat");
    byte[] weights = bytes(small, product.input(1));
    assertThat(bytes(small, product.input(5))).containsExactly(0);
    byte[] loudest = new byte[DenseGraphs.INNER];
    Arrays.fill(loudest, (byte) 255);
    int saturated = 0;
    for (int j = 0; j < DenseGraphs.OUTPUTS; j++) {
      byte[] column = new byte[DenseGraphs.INNER];
      int moved = 0;
      for (int i = 0; i < column.length; i++) {
        column[i] = weights[i * DenseGraphs.OUTPUTS + j];
        moved += (loudest[i] & 0xff) * (((column[i] ^ 0x80) & 0xff) - 128);
      }
      assertThat(moved).isEqualTo(exact(loudest, column));
      saturated += saturating(loudest, column) == moved ? 0 : 1;
    }
    assertThat(saturated).isGreaterThan(DenseGraphs.OUTPUTS / 2);
  }

  private static float[] twice(float[] x) {
    float[] both = Arrays.copyOf(x, 2 * x.length);
    System.arraycopy(x, 0, both, x.length, x.length);
    return both;
  }

  private static byte[] bytes(ModelData model, String name) {
    TensorData tensor = Objects.requireNonNull(model.graph().initializer(name));
    byte[] bytes = new byte[(int) tensor.byteSize()];
    tensor.bytes().get(bytes);
    return bytes;
  }
}
