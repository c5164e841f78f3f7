package dev.hone.onnx;

import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.fuse.FusionReport;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A graph made ready for passes that quantize: constants lifted, nodes fused, and what is excluded
 * looked up.
 */
final class Groundwork {
  private final ModelData model;
  private final Map<String, Integer> fusions = new TreeMap<>();
  private final List<String> notes = new ArrayList<>();
  private final Set<String> excluded = new HashSet<>();

  private Groundwork(ModelData model) {
    this.model = model;
  }

  /** How each task begins. */
  static Groundwork of(Task task, FusionOptions fusions) {
    task.progress().at("fusing", 0);
    Groundwork work = of(task.model(), fusions);
    work.excluded.addAll(Exclusions.of(work.model.graph(), task.options().excluded()));
    return work;
  }

  /** A copy of a graph, with nothing excluded. */
  static Groundwork of(ModelData original, FusionOptions fusions) {
    Groundwork work = new Groundwork(original.copy());
    work.model.freeInitializers();
    ConstantLifting.apply(work.model);
    FusionReport report = Fusions.apply(work.model, fusions);
    work.fusions.putAll(report.counts());
    work.notes.addAll(report.notes());
    return work;
  }

  /** A copy, to try something on. */
  Groundwork copy() {
    Groundwork copy = new Groundwork(model.copy());
    copy.fusions.putAll(fusions);
    copy.notes.addAll(notes);
    copy.excluded.addAll(excluded);
    return copy;
  }

  ModelData model() {
    return model;
  }

  Map<String, Integer> fusions() {
    return fusions;
  }

  /** The nodes that the task's options leave alone, by the names that passes know them by. */
  Set<String> excluded() {
    return excluded;
  }

  /** These and the excluded ones. */
  Set<String> excludedAnd(Set<String> spared) {
    Set<String> left = new HashSet<>(excluded);
    left.addAll(spared);
    return left;
  }

  /** What was left, and why. */
  List<String> notes() {
    return notes;
  }
}
