package dev.hone.benchmarks.inputs;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Tensor;
import dev.hone.examples.Tabular;
import java.io.IOException;
import java.util.List;

/**
 * The handwritten digits of the example {@link Tabular}: 64 grey values each, and a network of two
 * layers of Gemm that learned those before {@link Tabular#FIRST_UNSEEN_ROW}.
 */
public final class Digits {
  private final List<Tabular.Digit> digits = Tabular.digits();

  /** Reads the table. */
  public Digits() throws IOException {}

  /** The network; its first output is FLOAT32[rows, 10]. */
  public static Model model() {
    return Model.loadResource(Tabular.class, "digits.onnx");
  }

  /** How many there are. */
  public int count() {
    return digits.size();
  }

  /** Rows from one index up to another as inputs. */
  public Batch rows(int from, int to) {
    List<Tabular.Digit> chosen = digits.subList(from, to);
    return Batch.of(
        "pixels", Tensor.of(chosen.stream().map(Tabular.Digit::pixels).toArray(float[][]::new)));
  }

  /** The share of rows from this index on that these outputs tell right, in percent. */
  public double percentRight(float[] outputs, int from) {
    int count = outputs.length / 10;
    int right = 0;
    for (int i = 0; i < count; i++) {
      right += Lines.likeliest(outputs, i, 10) == digits.get(from + i).label() ? 1 : 0;
    }
    return 100.0 * right / count;
  }
}
