package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.Passes.Drafts;
import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.quantize.DynamicDense;
import dev.hone.onnx.quantize.EmbeddingRows;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** INT8 with scales that each batch brings. */
final class DynamicRecipe implements Drafts {
  private final Task task;
  private final Groundwork ground;
  private List<NodeChoice> lastChoices = List.of();

  DynamicRecipe(Task task) {
    this.task = task;
    this.ground = Groundwork.of(task, StaticRecipe.FAST_GELU);
  }

  @Override
  public Draft sparing(Set<String> spared) {
    task.progress().at("quantizing", 0.5);
    Groundwork work = ground.copy();
    Set<String> left = ground.excludedAnd(spared);
    List<NodeChoice> choices = new ArrayList<>(DynamicDense.apply(work.model(), left));
    boolean dynamic =
        choices.stream().anyMatch(choice -> choice.form() == NodeChoice.Form.DYNAMIC_INT8);
    choices.addAll(EmbeddingRows.apply(work.model(), left));
    work.model().graph().removeDead();
    List<String> notes = new ArrayList<>(work.notes());
    if (dynamic) {
      notes.add(
          "A row's answer depends a little on the other rows of its batch, because each batch has its"
              + " own scales. With SessionOptions.calibration it does not.");
    }
    lastChoices = choices;
    return new Draft(
        work.model(),
        Precision.INT8,
        "INT8 with scales taken from each batch",
        choices,
        work.fusions(),
        notes);
  }

  /** Whose weights suffer most. */
  @Override
  public List<String> sensitive() {
    return lastChoices.stream()
        .filter(choice -> choice.form() == NodeChoice.Form.DYNAMIC_INT8)
        .sorted(Comparator.comparingDouble(NodeChoice::signalToNoiseDb))
        .map(NodeChoice::node)
        .toList();
  }
}
