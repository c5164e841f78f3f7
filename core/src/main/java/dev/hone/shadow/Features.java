package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BiConsumer;

/** Numbers that sum up what a request asks and what it gets, one for each row. */
final class Features {
  private Features() {}

  /**
   * Tells all features of a request:
   *
   * <ul>
   *   <li>{@code length(m)}: elements that are not 0, of each integer input whose name has "mask"
   *   <li>{@code norm(x)}: the Euclidean norm, of each floating-point input and output
   *   <li>{@code entropy(y)}: the entropy of the softmax in nats, of each floating-point output of
   *       rank 2
   * </ul>
   */
  static void tell(Batch in, Batch out, BiConsumer<String, double[]> use) {
    for (int i = 0; i < in.size(); i++) {
      Tensor tensor = in.tensor(i);
      String name = in.name(i);
      if (tensor.type().isFloatingPoint()) {
        use.accept("norm(" + name + ")", norms(tensor));
      } else if (name.toLowerCase(Locale.ROOT).contains("mask")) {
        use.accept("length(" + name + ")", lengths(tensor));
      }
    }
    for (int i = 0; i < out.size(); i++) {
      Tensor tensor = out.tensor(i);
      if (tensor.type().isFloatingPoint()) {
        use.accept("norm(" + out.name(i) + ")", norms(tensor));
        if (tensor.shape().rank() == 2) {
          use.accept("entropy(" + out.name(i) + ")", entropies(tensor));
        }
      }
    }
  }

  private static double[] lengths(Tensor tensor) {
    long[] values = tensor.toLongArray();
    double[] lengths = new double[(int) tensor.shape().rows()];
    int columns = lengths.length == 0 ? 0 : values.length / lengths.length;
    for (int i = 0; i < lengths.length * columns; i++) {
      lengths[i / columns] += values[i] == 0 ? 0 : 1;
    }
    return lengths;
  }

  private static double[] norms(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    double[] squares = new double[(int) tensor.shape().rows()];
    int columns = squares.length == 0 ? 0 : values.length / squares.length;
    for (int i = 0; i < squares.length * columns; i++) {
      squares[i / columns] += (double) values[i] * values[i];
    }
    return Arrays.stream(squares).map(Math::sqrt).toArray();
  }

  private static double[] entropies(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    double[] entropies = new double[(int) tensor.shape().rows()];
    int columns = entropies.length == 0 ? 0 : values.length / entropies.length;
    for (int row = 0; row < entropies.length; row++) {
      double lnSum = Comparison.lnSumExp(values, row * columns, columns);
      for (int i = row * columns; i < (row + 1) * columns; i++) {
        double probability = Math.exp(values[i] - lnSum);
        entropies[row] -= probability == 0 ? 0 : probability * (values[i] - lnSum);
      }
    }
    return entropies;
  }
}
