package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.Passes.Drafts;
import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.calibrate.ValueStatistics;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.quantize.HalfCompute;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Computed in half precision, for GPUs. What is to be spared are the nodes that read or make the
 * greatest values, for those are the first to leave the range of the halves.
 */
final class HalfComputeRecipe implements Drafts {
  private final Task task;
  private final Groundwork ground;
  private List<NodeChoice> lastChoices = List.of();

  HalfComputeRecipe(Task task) {
    this.task = task;
    this.ground = Groundwork.of(task, FusionOptions.EXACT);
  }

  @Override
  public Draft sparing(Set<String> spared) {
    task.progress().at("rewriting", 0.5);
    Groundwork work = ground.copy();
    lastChoices = HalfCompute.apply(work.model(), ground.excludedAnd(spared));
    List<String> notes = new ArrayList<>(work.notes());
    notes.add(
        "Compared on the processor, rounding between nodes as a GPU does. Not timed: what it takes"
            + " here says nothing about a GPU.");
    return new Draft(
        work.model(),
        Precision.FP16,
        "computed in FP16, with FP32 at the edges",
        lastChoices,
        work.fusions(),
        notes);
  }

  /** Without calibration data nobody knows how large values become. */
  @Override
  public List<String> sensitive() {
    Iterable<Batch> calibration = task.calibration();
    if (calibration == null) {
      return List.of();
    }
    Map<String, List<String>> values = valuesOfHalves();
    Set<String> all = new LinkedHashSet<>();
    values.values().forEach(all::addAll);
    Calibration seen = Calibration.collect(ground.model(), all, calibration, task.opener());
    Map<String, Double> greatest = new TreeMap<>();
    values.forEach(
        (node, its) ->
            greatest.put(
                node, its.stream().mapToDouble(value -> greatest(seen, value)).max().orElse(0)));
    List<String> ranking =
        greatest.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .map(Map.Entry::getKey)
            .toList();
    return butOneProduct(ranking);
  }

  /** Without any product in half precision there would be nothing left to take or to refuse. */
  private List<String> butOneProduct(List<String> ranking) {
    Set<String> products = new HashSet<>();
    for (Node node : ground.model().graph().nodes()) {
      if (HalfCompute.isProduct(node)) {
        products.add(NodeChoice.nameOf(node));
      }
    }
    List<String> spared = new ArrayList<>(ranking);
    for (int i = spared.size() - 1; i >= 0; i--) {
      if (products.contains(spared.get(i))) {
        spared.remove(i);
        break;
      }
    }
    return spared;
  }

  /** What each node that became half reads and makes, by its name. */
  private Map<String, List<String>> valuesOfHalves() {
    Set<String> halves = new HashSet<>();
    lastChoices.stream()
        .filter(choice -> choice.form() == NodeChoice.Form.HALF_COMPUTE)
        .forEach(choice -> halves.add(choice.node()));
    Graph graph = ground.model().graph();
    Map<String, List<String>> values = new TreeMap<>();
    for (Node node : graph.nodes()) {
      if (halves.contains(NodeChoice.nameOf(node))) {
        values.put(
            NodeChoice.nameOf(node),
            Stream.concat(HalfCompute.halfInputs(graph, node).stream(), Stream.of(node.output(0)))
                .filter(value -> !graph.isInput(value))
                .toList());
      }
    }
    return values;
  }

  private static double greatest(Calibration seen, String value) {
    if (!seen.has(value)) {
      return 0;
    }
    ValueStatistics statistics = seen.of(value);
    return Math.max(Math.abs(statistics.min()), Math.abs(statistics.max()));
  }
}
