package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A tiny model, named by what it computes, with an obvious Java function that says what is right.
 * The contract asks every runtime to open these.
 *
 * @param operation what it computes
 * @param signature what it takes and gives; a runtime's model must have just this
 * @param function what is right: a new batch with all outputs
 */
public record ReferenceModel(
    Operation operation, Signature signature, Function<Batch, Batch> function) {
  private static final float[][] WEIGHTS = {{1, 2}, {3, 4}, {5, 6}};
  private static final float[] BIAS = {0.5f, -0.25f};
  private static final float[] TABLE = {10, 20, 30, 40, 50};

  /** What a reference model computes. */
  public enum Operation {
    /**
     * y = xW + b, with {@link #weights} and {@link #bias}, of {@code x FLOAT32[batch, 3]} to {@code
     * y FLOAT32[batch, 2]}.
     */
    AFFINE,
    /** {@code sum = a + b} and {@code difference = a - b}, all {@code INT64[n]}; wraps around. */
    SUM_AND_DIFFERENCE,
    /**
     * y = x * scale, {@code x} and {@code y} {@code FLOAT32[n]}; {@code scale}, if absent, is 2.
     */
    SCALE,
    /** y = x, of the type and dimensions in the signature. */
    IDENTITY,
    /**
     * The elements of {@code x FLOAT32[n]} that are greater than 0, as {@code y FLOAT32[found]}.
     */
    POSITIVES,
    /**
     * {@code y FLOAT32[n]}: the elements of {@link #table} that {@code index INT64[n]} names, from
     * 0. The run fails with a {@link HoneException} where there is no such element.
     */
    PICK,
    /** No input; {@code y FLOAT32[5]} is {@link #table}. */
    CONSTANT,
    /**
     * Counts in a loop up to {@code times INT64[]} and gives the number as {@code count INT64[]}.
     * The loop is there to take time: each round takes as long as one of its operators, a
     * microsecond or so.
     */
    COUNT
  }

  /** W of {@link Operation#AFFINE}. */
  public static float[][] weights() {
    return new float[][] {WEIGHTS[0].clone(), WEIGHTS[1].clone(), WEIGHTS[2].clone()};
  }

  /** b of {@link Operation#AFFINE}. */
  public static float[] bias() {
    return BIAS.clone();
  }

  /** The numbers of {@link Operation#PICK} and {@link Operation#CONSTANT}. */
  public static float[] table() {
    return TABLE.clone();
  }

  /** {@link Operation#AFFINE}. */
  public static ReferenceModel affine() {
    Dimension batch = Dimension.of("batch");
    return new ReferenceModel(
        Operation.AFFINE,
        new Signature(
            List.of(Value.tensor("x", DataType.FLOAT32, batch, Dimension.of(3))),
            List.of(Value.tensor("y", DataType.FLOAT32, batch, Dimension.of(2)))),
        in -> Batch.of("y", affine(in.get("x"))));
  }

  private static Tensor affine(Tensor x) {
    float[][] rows = x.toFloatMatrix();
    float[] y = new float[rows.length * 2];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < 2; j++) {
        float sum = BIAS[j];
        for (int k = 0; k < 3; k++) {
          sum += rows[i][k] * WEIGHTS[k][j];
        }
        y[i * 2 + j] = sum;
      }
    }
    return Tensor.of(y, rows.length, 2);
  }

  /** {@link Operation#SUM_AND_DIFFERENCE}. */
  public static ReferenceModel sumAndDifference() {
    Dimension n = Dimension.of("n");
    return new ReferenceModel(
        Operation.SUM_AND_DIFFERENCE,
        new Signature(
            List.of(Value.tensor("a", DataType.INT64, n), Value.tensor("b", DataType.INT64, n)),
            List.of(
                Value.tensor("sum", DataType.INT64, n),
                Value.tensor("difference", DataType.INT64, n))),
        in -> {
          long[] a = in.get("a").toLongArray();
          long[] b = in.get("b").toLongArray();
          long[] sum = new long[a.length];
          long[] difference = new long[a.length];
          for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i];
            difference[i] = a[i] - b[i];
          }
          return Batch.of("sum", Tensor.of(sum), "difference", Tensor.of(difference));
        });
  }

  /** {@link Operation#SCALE}. */
  public static ReferenceModel scale() {
    Dimension n = Dimension.of("n");
    return new ReferenceModel(
        Operation.SCALE,
        new Signature(
            List.of(
                Value.tensor("x", DataType.FLOAT32, n),
                new Value("scale", Signature.Kind.TENSOR, DataType.FLOAT32, List.of(), true)),
            List.of(Value.tensor("y", DataType.FLOAT32, n))),
        in -> {
          float scale = in.indexOf("scale") < 0 ? 2 : in.get("scale").toFloatArray()[0];
          float[] y = in.get("x").toFloatArray();
          for (int i = 0; i < y.length; i++) {
            y[i] *= scale;
          }
          return Batch.of("y", Tensor.of(y));
        });
  }

  /** {@link Operation#IDENTITY} of any type and dimensions. */
  public static ReferenceModel identity(DataType type, Dimension... dimensions) {
    return new ReferenceModel(
        Operation.IDENTITY,
        new Signature(
            List.of(Value.tensor("x", type, dimensions)),
            List.of(Value.tensor("y", type, dimensions))),
        in -> {
          Tensor y = Tensor.allocate(type, in.get("x").shape());
          y.copyFrom(in.get("x"));
          return Batch.of("y", y);
        });
  }

  /** {@link Operation#POSITIVES}. */
  public static ReferenceModel positives() {
    return new ReferenceModel(
        Operation.POSITIVES,
        new Signature(
            List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
            List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("found")))),
        in -> {
          float[] x = in.get("x").toFloatArray();
          float[] y = new float[x.length];
          int found = 0;
          for (float value : x) {
            if (value > 0) {
              y[found++] = value;
            }
          }
          return Batch.of("y", Tensor.of(Arrays.copyOf(y, found)));
        });
  }

  /** {@link Operation#PICK}. */
  public static ReferenceModel pick() {
    Dimension n = Dimension.of("n");
    return new ReferenceModel(
        Operation.PICK,
        new Signature(
            List.of(Value.tensor("index", DataType.INT64, n)),
            List.of(Value.tensor("y", DataType.FLOAT32, n))),
        in -> {
          long[] index = in.get("index").toLongArray();
          float[] y = new float[index.length];
          for (int i = 0; i < y.length; i++) {
            if (index[i] < 0 || index[i] >= TABLE.length) {
              throw new HoneException("There is no element " + index[i] + ".");
            }
            y[i] = TABLE[(int) index[i]];
          }
          return Batch.of("y", Tensor.of(y));
        });
  }

  /** {@link Operation#CONSTANT}. */
  public static ReferenceModel constant() {
    return new ReferenceModel(
        Operation.CONSTANT,
        new Signature(
            List.of(), List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of(TABLE.length)))),
        in -> Batch.of("y", Tensor.of(TABLE)));
  }

  /** {@link Operation#COUNT}. */
  public static ReferenceModel count() {
    return new ReferenceModel(
        Operation.COUNT,
        new Signature(
            List.of(Value.tensor("times", DataType.INT64)),
            List.of(Value.tensor("count", DataType.INT64))),
        in -> Batch.of("count", Tensor.scalar(in.get("times").toLongArray()[0])));
  }

  /** Fails unless {@code out} is what the model should give for {@code in}, bit by bit. */
  public void verify(Batch in, Batch out) {
    assertThat(out.names()).isEqualTo(signature.outputNames());
    verifyValues(in, out);
  }

  /** As {@link #verify}, where {@code out} may have only some of the outputs. */
  public void verifyValues(Batch in, Batch out) {
    try (Batch expected = function.apply(in)) {
      for (int i = 0; i < out.size(); i++) {
        verifySame(out.name(i), out.tensor(i), expected.get(out.name(i)));
      }
    }
  }

  private static void verifySame(String name, Tensor actual, Tensor expected) {
    assertThat(actual.type()).as("type of %s", name).isEqualTo(expected.type());
    assertThat(actual.shape()).as("shape of %s", name).isEqualTo(expected.shape());
    switch (expected.type()) {
      case STRING ->
          assertThat(actual.toStringArray()).as(name).isEqualTo(expected.toStringArray());
      case INT4, UINT4 -> // whose last byte may have a half that means nothing
          assertThat(actual.toLongArray()).as(name).isEqualTo(expected.toLongArray());
      default -> assertThat(actual.toByteArray()).as(name).isEqualTo(expected.toByteArray());
    }
  }
}
