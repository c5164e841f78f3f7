package dev.hone.onnx;

import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.fuse.FusionReport;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A graph made ready for passes that quantize: constants lifted, nodes fused. */
final class Groundwork {
  private final ModelData model;
  private final Map<String, Integer> fusions = new TreeMap<>();
  private final List<String> notes = new ArrayList<>();

  private Groundwork(ModelData model) {
    this.model = model;
  }

  /** A copy with its constants lifted. */
  static Groundwork lifted(ModelData original) {
    Groundwork work = new Groundwork(original.copy());
    ConstantLifting.apply(work.model);
    return work;
  }

  /** Fuses what can be fused. */
  Groundwork fused(FusionOptions options) {
    FusionReport report = Fusions.apply(model, options);
    report.counts().forEach((kind, count) -> fusions.merge(kind, count, Integer::sum));
    notes.addAll(report.notes());
    return this;
  }

  /** A copy, to try something on. */
  Groundwork copy() {
    Groundwork copy = new Groundwork(model.copy());
    copy.fusions.putAll(fusions);
    copy.notes.addAll(notes);
    return copy;
  }

  ModelData model() {
    return model;
  }

  Map<String, Integer> fusions() {
    return fusions;
  }

  /** What was left, and why. */
  List<String> notes() {
    return notes;
  }
}
