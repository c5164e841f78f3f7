package dev.hone.onnx.check;

import dev.hone.DataType;
import dev.hone.Tensor;
import java.util.stream.IntStream;

/**
 * How many elements of an output of integers, truth values or texts are the same ones.
 *
 * @param output the name of the output
 * @param rows the rows compared
 * @param elements the elements compared
 * @param same those that are the same
 */
public record SameAnswers(String output, long rows, long elements, long same) {
  /** Nothing compared yet. */
  static SameAnswers none(String output) {
    return new SameAnswers(output, 0, 0, 0);
  }

  /** The share that is the same, from 0 to 1; NaN if nothing was compared. */
  public double share() {
    return elements == 0 ? Double.NaN : (double) same / elements;
  }

  /** With one more answer, of which nothing is the same if its shape is not. */
  SameAnswers and(Tensor exact, Tensor approximate) {
    boolean comparable = exact.shape().equals(approximate.shape());
    long more = Math.max(comparable ? 0 : 1, exact.shape().elementCount());
    return new SameAnswers(
        output,
        rows + exact.shape().rows(),
        elements + more,
        same + (comparable ? count(exact, approximate) : 0));
  }

  private static long count(Tensor exact, Tensor approximate) {
    if (exact.type() == DataType.STRING) {
      String[] x = exact.toStringArray();
      String[] y = approximate.toStringArray();
      return IntStream.range(0, x.length).filter(i -> x[i].equals(y[i])).count();
    }
    long[] x = exact.toLongArray();
    long[] y = approximate.toLongArray();
    return IntStream.range(0, x.length).filter(i -> x[i] == y[i]).count();
  }
}
