package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.Passes.Drafts;
import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.EmbeddingRows;
import dev.hone.onnx.quantize.NodeChoice;
import dev.hone.onnx.quantize.NodeError;
import dev.hone.onnx.quantize.StaticConv;
import dev.hone.onnx.quantize.StaticDense;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** INT8 with scales that calibration data fixed. */
final class StaticRecipe implements Drafts {
  /** Its error, 5e-4 at most, is small beside that of bytes. */
  static final FusionOptions FAST_GELU = FusionOptions.EXACT.withFastGelu(true);

  private final Task task;
  private final StaticDense.Fidelity fidelity;
  private final Groundwork ground;
  private final Calibration ranges;

  private StaticRecipe(Task task, Iterable<Batch> calibration, boolean fastest) {
    this.task = task;
    this.fidelity = fastest ? StaticDense.Fidelity.FAST : StaticDense.Fidelity.CLOSE;
    this.ground = Groundwork.of(task, FAST_GELU);
    ModelData model = ground.model();
    task.progress().at("learning ranges", 0.1);
    Set<String> values = new LinkedHashSet<>(StaticConv.valuesToCalibrate(model));
    values.addAll(StaticDense.valuesToCalibrate(model));
    Set<String> grams = StaticDense.gramsToCalibrate(model);
    this.ranges = Calibration.collect(model, values, grams, calibration, task.opener());
  }

  /**
   * Learns ranges.
   *
   * @throws IllegalArgumentException if there is nothing to learn from
   */
  static StaticRecipe of(Task task) {
    Iterable<Batch> calibration = task.calibration();
    Quantization.Form form = task.options().form();
    if (calibration == null) {
      throw new IllegalArgumentException(
          "The form "
              + form
              + " fixes scales by calibration, but there is no calibration data. Give some with"
              + " SessionOptions.calibration, or ask for DYNAMIC.");
    }
    return new StaticRecipe(task, calibration, form == Quantization.Form.FASTEST);
  }

  @Override
  public Draft sparing(Set<String> spared) {
    task.progress().at("quantizing", 0.7);
    Groundwork work = ground.copy();
    Set<String> left = ground.excludedAnd(spared);
    List<NodeChoice> choices = new ArrayList<>(StaticConv.apply(work.model(), ranges, left));
    choices.addAll(StaticDense.apply(work.model(), ranges, left, fidelity));
    choices.addAll(EmbeddingRows.apply(work.model(), left));
    work.model().graph().removeDead();
    return new Draft(
        work.model(), precision(choices), form(choices), choices, work.fusions(), work.notes());
  }

  /**
   * As the file will be recognized: weights in halves, unlike tables of bytes, leave no integer.
   */
  private static Precision precision(List<NodeChoice> choices) {
    boolean integers =
        choices.stream()
            .map(NodeChoice::form)
            .anyMatch(form -> form.isStatic() || form == NodeChoice.Form.WEIGHT_INT8);
    return integers ? Precision.INT8 : Precision.FP32;
  }

  private String form(List<NodeChoice> choices) {
    if (choices.stream().noneMatch(choice -> choice.form().isStatic())) {
      return "weights stored smaller, computed in FP32"; // why, the choices say
    }
    return fidelity == StaticDense.Fidelity.FAST
        ? "INT8 with scales fixed by calibration, the fastest form"
        : "INT8 with scales fixed by calibration";
  }

  @Override
  public List<String> sensitive() {
    List<NodeError> errors =
        new ArrayList<>(StaticConv.ranking(ground.model(), ranges, ground.excluded()));
    errors.addAll(StaticDense.ranking(ground.model(), ranges, fidelity));
    return errors.stream()
        .sorted(Comparator.comparingDouble(NodeError::decibels))
        .map(NodeError::node)
        .filter(node -> !ground.excluded().contains(node))
        .toList();
  }
}
