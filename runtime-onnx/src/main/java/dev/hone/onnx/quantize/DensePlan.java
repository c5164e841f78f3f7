package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.quantize.StaticDense.Fidelity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@link StaticDense} does with each matrix product, decided for all before the first is
 * rounded: which stay floats, which share an input, and what becomes of loud channels. What can be
 * moved between float nodes is moved while planning; what a product that is still to be rounded
 * takes over is kept here until it is.
 */
final class DensePlan {
  private final Graph graph;
  private final Calibration calibration;
  private final Fidelity fidelity;
  private final int leastWeights;
  private final Map<Node, NodeChoice> choices = new LinkedHashMap<>();
  private final Map<String, DenseInput> unfolded = new LinkedHashMap<>();
  private final Map<Node, float[]> columnDivisors = new LinkedHashMap<>();
  private final List<DenseGroup> groups;

  private DensePlan(
      Graph graph,
      Calibration calibration,
      Set<String> excludedNodes,
      Fidelity fidelity,
      int leastWeights) {
    this.graph = graph;
    this.calibration = calibration;
    this.fidelity = fidelity;
    this.leastWeights = leastWeights;
    this.groups = plan(excludedNodes);
  }

  /** Plans, and changes the graph where floats can take over what would be lost in integers. */
  static DensePlan of(
      Graph graph,
      Calibration calibration,
      Set<String> excludedNodes,
      Fidelity fidelity,
      int leastWeights) {
    return new DensePlan(graph, calibration, excludedNodes, fidelity, leastWeights);
  }

  /** The products to round, by the value that they read. */
  List<DenseGroup> groups() {
    return groups;
  }

  /** One choice for each product, in the order of the graph. */
  List<NodeChoice> choices() {
    return List.copyOf(choices.values());
  }

  /** Says what became of a product that is now rounded. */
  void choose(DenseNode dense, String note, double weightDb, double outputDb) {
    choices.put(dense.node(), choice(dense, note, weightDb, outputDb));
  }

  /** Whether the loud neurons of a value are spread over several columns. */
  boolean isUnfolded(String value) {
    return unfolded.containsKey(value);
  }

  /** What the columns of a product are to be divided by when it is rounded, or null. */
  float @Nullable [] columnDivisors(Node product) {
    return columnDivisors.get(product);
  }

  private List<DenseGroup> plan(Set<String> excludedNodes) {
    for (Node node : List.copyOf(graph.nodes())) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      if (kind != null
          && DenseEligibility.objection(graph, node, kind, leastWeights) == null
          && DenseEligibility.objectionOfData(node, calibration, excludedNodes) == null) {
        DenseInput wider = Unfolding.apply(graph, DenseNode.of(graph, node, kind), calibration);
        if (wider != null) {
          unfolded.put(node.input(0), wider);
        }
      }
    }
    List<DenseGroup> groups = new ArrayList<>();
    groups(excludedNodes)
        .forEach(
            (value, nodes) -> {
              DenseInput known = unfolded.get(value);
              int inner = nodes.get(0).inner();
              groups.add(
                  new DenseGroup(
                      nodes, known != null ? known : DenseInput.of(calibration.of(value), inner)));
            });
    groups.forEach(this::smooth);
    return groups;
  }

  private void smooth(DenseGroup group) {
    if (unfolded.containsKey(group.value())) {
      group.remark("; loud neurons spread over several columns");
      return;
    }
    if (!group.input().knowsChannels()) {
      return;
    }
    List<float[]> matrices = group.nodes().stream().map(DenseNode::matrix).toList();
    Smoothing.Found found =
        Smoothing.search(group.input(), new DenseNoise(group.input(), matrices));
    Absorber absorber = Absorber.of(graph, group.value(), group.nodes().size());
    String gain = String.format(Locale.ROOT, "; %.1f times less error by ", found.gain());
    if (absorber != null && found.gain() > 1) {
      absorb(absorber, found.divisors());
      group.divide(found.divisors(), false, gain + "dividing loud channels in the node before");
    } else if (fidelity == Fidelity.CLOSE && found.gain() > StaticDense.LEAST_GAIN) {
      group.divide(found.divisors(), true, gain + "dividing loud channels");
    }
  }

  private void absorb(Absorber absorber, float[] divisors) {
    Node product = absorber.product();
    if (product == null) {
      absorber.divideNormalization(graph, divisors);
    } else if (willBeInteger(product)) {
      columnDivisors.put(product, absorber.ofColumns(divisors));
    } else {
      divideColumns(product, absorber.ofColumns(divisors));
    }
  }

  private boolean willBeInteger(Node product) {
    NodeChoice choice = choices.get(product);
    return choice != null && choice.form() == NodeChoice.Form.STATIC_INT8;
  }

  /** Divides the columns of a product that stays float. */
  private void divideColumns(Node product, float[] divisors) {
    DenseNode.Kind kind = DenseNode.kindOf(product);
    if (kind == null) {
      throw new IllegalStateException(product.label() + " is no product.");
    }
    DenseNode dense = DenseNode.of(graph, product, kind);
    float[] matrix = dense.matrix();
    float[] bias = dense.biasRow();
    for (int k = 0; k < matrix.length; k++) {
      matrix[k] /= divisors[k % divisors.length];
    }
    dense.putMatrix(graph, matrix, dense.outputs());
    if (bias != null) {
      for (int j = 0; j < bias.length; j++) {
        bias[j] /= divisors[j];
      }
      dense.putBias(graph, bias);
    }
  }

  /** The products to quantize, by their input; the others get their choice here. */
  private Map<String, List<DenseNode>> groups(Set<String> excludedNodes) {
    Map<String, List<DenseNode>> groups = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      String objection =
          DenseEligibility.isQuantized(node)
              ? "It is quantized already."
              : kind == null ? null : DenseEligibility.objection(graph, node, kind, leastWeights);
      if (kind != null && objection == null) {
        objection = DenseEligibility.objectionOfData(node, calibration, excludedNodes);
      }
      if (objection != null) {
        choices.put(node, NodeChoice.left(NodeChoice.nameOf(node), node.op(), objection));
      } else if (kind != null) {
        DenseNode dense = DenseNode.of(graph, node, kind);
        choices.put(node, choice(dense, "", Double.NaN, Double.NaN)); // keeps the order
        groups.computeIfAbsent(node.input(0), value -> new ArrayList<>()).add(dense);
      }
    }
    return groups;
  }

  private static NodeChoice choice(DenseNode dense, String note, double weightDb, double outputDb) {
    return new NodeChoice(
        dense.label(),
        dense.node().op(),
        NodeChoice.Form.STATIC_INT8,
        "Bytes in with a fixed scale, floats out" + note + ".",
        weightDb,
        outputDb);
  }
}
