package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stores weights as half-precision floats and computes with single-precision ones: half the file at
 * the same speed, for processors that have no half-precision arithmetic worth using.
 *
 * <p>Each weight gets a {@code Cast} of its own, which ONNX Runtime carries out once when it opens
 * the model; memory is not saved. A weight of ordinary size is rounded by at most 2^-11 of itself.
 * One that is smaller than half of the least half-precision float would become 0, and a divisor
 * with it; so nothing but 0 becomes 0: it becomes that least float, 2^-24, with its sign. A tensor
 * with a finite element beyond the greatest, 65504, stays as it is. Infinite elements and NaN stay
 * what they are.
 */
public final class HalfStorage {
  /** Smaller tensors stay as they are: scalars, and what kernels want to see as a constant. */
  static final int LEAST_ELEMENTS = 256;

  private HalfStorage() {}

  /**
   * Changes the weights of a model, in place: those of its graph, not of graphs inside nodes. The
   * model should have gone through constant lifting.
   *
   * @param excludedNodes nodes whose weights stay as they are, by name, or by first output if
   *     nameless
   * @return one choice for each tensor of floats, under its name and the operator {@code Weight}
   */
  public static List<NodeChoice> apply(ModelData model, Set<String> excludedNodes) {
    Graph graph = model.graph();
    List<NodeChoice> choices = new ArrayList<>();
    List<Node> casts = new ArrayList<>();
    for (TensorData weight : List.copyOf(graph.initializers())) {
      if (weight.type() != DataType.FLOAT32) {
        continue;
      }
      String why = whyNot(graph, weight, excludedNodes);
      choices.add(
          why == null
              ? store(graph, weight, casts)
              : NodeChoice.left(weight.name(), "Weight", why));
    }
    if (!casts.isEmpty()) {
      graph.insertBefore(graph.nodes().get(0), casts.toArray(Node[]::new));
    }
    return choices;
  }

  private static @Nullable String whyNot(
      Graph graph, TensorData weight, Set<String> excludedNodes) {
    for (Node user : graph.consumers(weight.name())) {
      if (excludedNodes.contains(NodeChoice.nameOf(user))) {
        return "'" + NodeChoice.nameOf(user) + "', which uses it, was excluded.";
      }
    }
    if (graph.constant(weight.name()) == null) {
      return "It is an input that callers can override.";
    }
    if (graph.isOutput(weight.name())) {
      return "It is also an output of the model.";
    }
    long elements = weight.shape().elementCount();
    if (elements < LEAST_ELEMENTS) {
      return "It is small.";
    }
    if (weight.byteSize() > Integer.MAX_VALUE) {
      return "It has 2 GiB or more.";
    }
    float beyond = Halves.beyond(weight);
    if (beyond != 0) {
      return "Its element " + beyond + " is beyond the half-precision floats.";
    }
    return graph.useCount(weight.name()) == 0 ? "Nothing uses it." : null;
  }

  private static NodeChoice store(Graph graph, TensorData weight, List<Node> casts) {
    SignalToNoise quality = new SignalToNoise();
    TensorData halves = Halves.of(weight, quality);
    graph.removeInitializer(weight.name());
    String half = graph.addInitializer(weight.name() + "_half", halves);
    casts.add(Cast.of(half, weight.name(), DataType.FLOAT32));
    return new NodeChoice(
        weight.name(),
        "Weight",
        Form.HALF_STORAGE,
        "It is stored in half precision and computed with in single precision.",
        quality.decibels());
  }
}
