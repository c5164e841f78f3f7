package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How near the answers of one model are to those of another on the same inputs, output by output.
 * Floating-point outputs are compared row by row; integers and texts are left to them, since they
 * are chosen from floats, and where there are no others counted: how many are the same. Where
 * values decide how many results there are, an answer may have another shape than the exact one:
 * then each row of the exact one counts as lost, with a cosine of 0.
 */
public final class Fidelity {
  private final Map<String, OutputFidelity> outputs = new LinkedHashMap<>();
  private final Map<String, SameAnswers> labels = new LinkedHashMap<>();
  private @Nullable String reshaped;

  /** Nothing compared yet. */
  public Fidelity() {}

  /**
   * Compares the answers to one batch.
   *
   * @throws IllegalStateException if the answers differ in type, which no rewriting may cause
   */
  public void add(Batch in, Batch exact, Batch approximate) {
    for (int i = 0; i < exact.size(); i++) {
      String name = exact.name(i);
      Tensor x = exact.tensor(i);
      Tensor y = approximate.get(name);
      String became = "The output '" + name + "' was " + x + " and has become " + y + ".";
      if (x.type() != y.type()) {
        throw new IllegalStateException(became);
      }
      boolean sameShape = x.shape().equals(y.shape());
      if (!x.type().isFloatingPoint()) {
        labels.put(name, labels.getOrDefault(name, SameAnswers.none(name)).and(x, y));
        continue;
      }
      if (sameShape && x.shape().elementCount() == 0) {
        continue;
      }
      OutputFidelity fidelity = outputs.computeIfAbsent(name, key -> new OutputFidelity());
      if (sameShape) {
        add(fidelity, in, x, y);
      } else {
        fidelity.addLost(x.shape().rank() == 0 ? 1 : Math.max(1, x.shape().rows()));
        reshaped = reshaped == null ? became : reshaped;
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

  /** The first answer that had another shape than the exact one, in words; empty if none had. */
  public Optional<String> reshaped() {
    return Optional.ofNullable(reshaped);
  }

  /** What was compared, by the name of the output. */
  public Map<String, OutputFidelity> outputs() {
    return Map.copyOf(outputs);
  }

  /** The output that is worst of those that are no floats; empty if none was compared. */
  public Optional<SameAnswers> sameAnswers() {
    return labels.values().stream()
        .filter(answers -> answers.elements() > 0)
        .min(Comparator.comparingDouble(SameAnswers::share));
  }

  /** The name of the output with the least mean cosine; empty if nothing was compared. */
  public String worst() {
    return outputs.entrySet().stream()
        .min(Comparator.comparingDouble(entry -> entry.getValue().meanCosine()))
        .map(Map.Entry::getKey)
        .orElse("");
  }
}
