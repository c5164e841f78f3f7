package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.Passes.Drafts;
import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.quantize.HalfStorage;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Weights stored as half-precision floats; computed in single precision. */
final class HalfStorageRecipe implements Drafts {
  private final Task task;
  private final Groundwork ground;

  HalfStorageRecipe(Task task) {
    this.task = task;
    this.ground = Groundwork.of(task, FusionOptions.EXACT);
  }

  @Override
  public Draft sparing(Set<String> spared) {
    task.progress().at("storing halves", 0.5);
    Groundwork work = ground.copy();
    List<NodeChoice> choices = HalfStorage.apply(work.model(), ground.excluded());
    List<String> notes = new ArrayList<>(work.notes());
    notes.add(
        "Processors of this kind compute with FP16 slower than with FP32, so the file is half as large"
            + " and the model computes in FP32.");
    return new Draft(
        work.model(),
        Precision.FP32,
        "weights stored in FP16, computed in FP32",
        choices,
        work.fusions(),
        notes);
  }

  @Override
  public List<String> sensitive() {
    return List.of();
  }
}
