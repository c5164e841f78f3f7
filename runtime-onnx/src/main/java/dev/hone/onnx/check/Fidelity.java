package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How near the answers of one model are to those of another on the same inputs, output by output.
 * Floating-point outputs are compared row by row; integers and texts are left to them, since they
 * are chosen from floats.
 */
public final class Fidelity {
  private final Map<String, OutputFidelity> outputs = new LinkedHashMap<>();

  /** Nothing compared yet. */
  public Fidelity() {}

  /**
   * Compares the answers to one batch.
   *
   * @throws IllegalStateException if the answers differ in shape, which no rewriting may cause
   */
  public void add(Batch in, Batch exact, Batch approximate) {
    for (int i = 0; i < exact.size(); i++) {
      String name = exact.name(i);
      Tensor x = exact.tensor(i);
      Tensor y = approximate.get(name);
      if (!x.shape().equals(y.shape()) || x.type() != y.type()) {
        throw new IllegalStateException(
            "The output '" + name + "' was " + x + " and has become " + y + ".");
      }
      if (x.type().isFloatingPoint() && x.shape().elementCount() > 0) {
        add(outputs.computeIfAbsent(name, key -> new OutputFidelity()), in, x, y);
      }
    }
  }

  private static void add(OutputFidelity fidelity, Batch in, Tensor x, Tensor y) {
    Shape shape = x.shape();
    float[][] exact = RowVectors.of(x, in);
    float[][] approximate = RowVectors.of(y, in);
    for (int row = 0; row < exact.length; row++) {
      fidelity.add(exact[row], approximate[row]);
    }
    if (shape.rank() == 2 || shape.rank() == 3) {
      int classes = (int) shape.length(shape.rank() - 1);
      float[][] choices = shape.rank() == 2 ? exact : x.toFloatMatrix();
      float[][] others = shape.rank() == 2 ? approximate : y.toFloatMatrix();
      for (int row = 0; classes > 1 && row < choices.length; row++) {
        fidelity.addChoices(choices[row], others[row], classes);
      }
    }
  }

  /** What was compared, by the name of the output. */
  public Map<String, OutputFidelity> outputs() {
    return Map.copyOf(outputs);
  }

  /** The name of the output with the least mean cosine; empty if nothing was compared. */
  public String worst() {
    return outputs.entrySet().stream()
        .min(Comparator.comparingDouble(entry -> entry.getValue().meanCosine()))
        .map(Map.Entry::getKey)
        .orElse("");
  }
}
