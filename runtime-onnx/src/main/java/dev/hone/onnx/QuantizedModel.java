package dev.hone.onnx;

import dev.hone.Model;
import java.nio.file.Path;

/**
 * A model that was brought to another precision, and the report about it. A value: it holds no
 * session and needs no closing.
 */
public final class QuantizedModel {
  private final OnnxModel original;
  private final OnnxModel model;
  private final QuantizationReport report;

  QuantizedModel(OnnxModel original, OnnxModel model, QuantizationReport report) {
    this.original = original;
    this.model = model;
    this.report = report;
  }

  /** The model, to be opened with {@link dev.hone.Session#open(Model)}: it is what it is now. */
  public Model model() {
    return model;
  }

  /** What was done, and how good it is. */
  public QuantizationReport report() {
    return report;
  }

  /**
   * Writes the model to a file, to be shipped. The file appears whole or not at all; what was there
   * before stays until then. Weights of 2 GiB and more lie beside {@code file}.
   *
   * @param file where to, in a folder that exists; not the file of the original
   * @throws IllegalArgumentException if it is the file of the original
   * @throws dev.hone.HoneException if it cannot be written, or is there and no regular file but a
   *     folder or device; nothing is left behind then
   */
  public void save(Path file) {
    Given.value(file, "file to save a model to", "Name one in a folder that exists.");
    original.requireOther(file);
    model.data().write(file);
  }

  /** The model's name and the precision that was asked for; {@link #report} tells all. */
  @Override
  public String toString() {
    return report.model() + " at " + report.asked();
  }
}
