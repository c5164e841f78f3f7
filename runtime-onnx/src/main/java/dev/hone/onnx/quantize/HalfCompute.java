package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.HalfOperator.Role;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets a model compute with half-precision floats, for processors that are faster with them. Inputs
 * and outputs keep their types.
 *
 * <p>Products become half, and with them what lies between them: see {@link HalfOperator}. What
 * needs a wider range or wider sums stays in single precision. A value that both sides use is
 * converted once; where a conversion is there already, it is turned into the one that is needed, so
 * that no chain of them arises. Subgraphs and functions stay as they are: what they take from
 * around them keeps its type.
 *
 * <p><b>Error.</b> Weights and the values between half nodes are rounded to 11 significant bits: by
 * at most 2^-11 of themselves from 2^-14 to 65504, and by 2^-25 below. Products add up in single
 * precision on every processor that is meant. Beyond 65504 there is only infinity; hence a constant
 * of several elements with a finite one beyond it keeps its user in single precision. A single
 * number of 10^6 and more in a sum, product or choice is how models say "never" in masks: it
 * becomes 32752 with its sign, half of the greatest, which no score added to it makes infinite and
 * whose exponential is 0 or infinite all the same. That the model keeps its answers is for a
 * comparison to show, on what {@link HalfRounding} makes of it.
 */
public final class HalfCompute {
  private static final float NEVER = 1e6f;
  private static final float NEVER_IN_HALF = Halves.GREATEST / 2;

  /** Where a great number is one that something is added to, or chosen in place of. */
  private static final Set<String> MASKING = Set.of("Add", "Sub", "Mul", "Where", "Min", "Max");

  private final Graph graph;
  private final FloatValues floats;
  private final Set<String> functions;
  private final Set<String> excluded;

  private final Set<Node> halves = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Node, String> left = new LinkedHashMap<>();
  private final Map<String, String> halfNames = new HashMap<>();
  private final List<String> converted = new ArrayList<>();

  private HalfCompute(ModelData model, Set<String> excluded) {
    this.graph = model.graph();
    this.floats = FloatValues.of(graph);
    this.functions = new HashSet<>(model.functions());
    this.excluded = excluded;
  }

  /**
   * Changes a model, in place. It should have gone through constant lifting and fusions.
   *
   * @param excludedNodes nodes that stay in single precision, by name, or by first output if
   *     nameless
   * @return one choice for each product, and for each other node that became half
   */
  public static List<NodeChoice> apply(ModelData model, Set<String> excludedNodes) {
    HalfCompute pass = new HalfCompute(model, excludedNodes);
    pass.choose();
    List<NodeChoice> choices = pass.choices();
    if (!pass.halves.isEmpty()) {
      pass.rewrite();
    }
    return choices;
  }

  /** Whether a node is of those that half precision is for. */
  public static boolean isProduct(Node node) {
    HalfOperator operator = HalfOperator.of(node);
    return operator != null && operator.role() == Role.COMPUTES;
  }

  /** The values that a node reads in half precision when it becomes half, but for constants. */
  public static List<String> halfInputs(Graph graph, Node node) {
    HalfOperator operator = HalfOperator.of(node);
    List<String> values = new ArrayList<>();
    for (int i = 0; operator != null && i < node.inputs().size(); i++) {
      if (operator.takes(i) && node.hasInput(i) && graph.constant(node.input(i)) == null) {
        values.add(node.input(i));
      }
    }
    return values;
  }

  // ---- which nodes

  private void choose() {
    List<Node> nodes = graph.nodes();
    for (Node node : nodes) {
      if (canBeHalf(node, Role.COMPUTES)) {
        halves.add(node);
      }
    }
    for (Node node : nodes) {
      if (makesHalf(node) && canBeHalf(node, Role.FOLLOWS)) {
        halves.add(node);
      }
    }
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (isWantedHalf(node) && (mayBeTurned(node) || canBeHalf(node, Role.FOLLOWS))) {
        halves.add(node);
      }
    }
  }

  private boolean canBeHalf(Node node, Role role) {
    HalfOperator operator = operator(node);
    if (operator == null || operator.role() != role || !computesWithFloats(node, operator)) {
      return false;
    }
    String why = whyNot(node, operator);
    if (why != null) {
      left.put(node, why);
    }
    return why == null;
  }

  private @Nullable HalfOperator operator(Node node) {
    String key = (node.domain().isEmpty() ? "ai.onnx" : node.domain()) + "." + node.op();
    boolean own = functions.contains(key) || functions.contains("." + node.op());
    return own || !node.subgraphs().isEmpty() ? null : HalfOperator.of(node);
  }

  private boolean computesWithFloats(Node node, HalfOperator operator) {
    for (int i = 0; i < node.inputs().size(); i++) {
      if (operator.takes(i) && floats.isFloat(node.input(i))) {
        return true;
      }
    }
    return false;
  }

  private @Nullable String whyNot(Node node, HalfOperator operator) {
    if (excluded.contains(NodeChoice.nameOf(node))) {
      return "It was excluded or spared.";
    }
    for (int i = 0; i < node.inputs().size(); i++) {
      TensorData constant = operator.takes(i) ? graph.constant(node.input(i)) : null;
      String why = constant == null ? null : whyNot(node, constant);
      if (why != null) {
        return why;
      }
    }
    return null;
  }

  private static @Nullable String whyNot(Node node, TensorData constant) {
    if (constant.byteSize() > Integer.MAX_VALUE) {
      return "Its weights have 2 GiB or more.";
    }
    boolean never = MASKING.contains(node.op()) && saysNever(constant);
    if (constant.type() != DataType.FLOAT32 || never) {
      return null;
    }
    float beyond = Halves.beyond(constant);
    return beyond == 0
        ? null
        : "Its constant holds " + beyond + ", which is beyond the half-precision floats.";
  }

  private static boolean saysNever(TensorData constant) {
    return constant.shape().elementCount() == 1
        && Math.abs(constant.bytes().getFloat(0)) >= NEVER
        && Float.isFinite(constant.bytes().getFloat(0));
  }

  /** Whether something that it reads is half already. */
  private boolean makesHalf(Node node) {
    HalfOperator operator = operator(node);
    for (int i = 0; operator != null && i < node.inputs().size(); i++) {
      Node producer = operator.takes(i) ? graph.producer(node.input(i)) : null;
      if (producer != null && isHalfOutput(producer, node.input(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether all that read what it makes want it half, and somebody does. */
  private boolean isWantedHalf(Node node) {
    boolean wanted = false;
    for (String output : node.outputs()) {
      if (graph.isOutput(output)) {
        return false;
      }
      for (Node consumer : graph.consumers(output)) {
        boolean half = readsHalf(consumer, output);
        if (!half && !isIndifferent(consumer)) {
          return false;
        }
        wanted |= half;
      }
    }
    return wanted;
  }

  private boolean readsHalf(Node node, String value) {
    HalfOperator operator = operator(node);
    if (operator == null || !halves.contains(node)) {
      return false;
    }
    for (int i = 0; i < node.inputs().size(); i++) {
      if (node.input(i).equals(value) && !operator.takes(i)) {
        return false;
      }
    }
    return node.inputs().contains(value);
  }

  private boolean isHalfOutput(Node producer, String value) {
    HalfOperator operator = operator(producer);
    return halves.contains(producer)
        && (operator == null || operator.gives(producer.outputs().indexOf(value)));
  }

  /** Takes a value of any type, and gives the same whichever it is. */
  private static boolean isIndifferent(Node node) {
    return node.is("Shape") || node.is("Size") || Cast.type(node) == DataType.FLOAT16;
  }

  /** Whether it is a conversion that may give halves instead. */
  private boolean mayBeTurned(Node node) {
    return isCastToFloat(node) && !excluded.contains(NodeChoice.nameOf(node));
  }

  private static boolean isCastToFloat(Node node) {
    return Cast.type(node) == DataType.FLOAT32;
  }

  private List<NodeChoice> choices() {
    List<NodeChoice> choices = new ArrayList<>();
    for (Node node : graph.nodes()) {
      String why = left.get(node);
      if (halves.contains(node)) {
        choices.add(
            new NodeChoice(
                NodeChoice.nameOf(node),
                node.op(),
                Form.HALF_COMPUTE,
                "It computes in half precision.",
                Double.NaN));
      } else if (why != null) {
        choices.add(NodeChoice.left(NodeChoice.nameOf(node), node.op(), why));
      }
    }
    return choices;
  }

  // ---- the rewriting

  private void rewrite() {
    for (Node node : graph.nodes()) {
      for (String output : node.outputs()) {
        if (!output.isEmpty() && isHalfOutput(node, output)) {
          halfNames.put(output, graph.uniqueName(output + "_half"));
        }
      }
    }
    Set<String> made = Set.copyOf(halfNames.keySet());
    graph.nodes().forEach(node -> readHalves(node, made));
    List<Node> casts = new ArrayList<>();
    List<TensorData> weights = new ArrayList<>();
    converted.forEach(value -> convert(value, casts, weights));
    made.stream()
        .sorted()
        .filter(value -> graph.useCount(value) > 0)
        .forEach(value -> casts.add(Cast.of(half(value), value, DataType.FLOAT32)));

    graph.nodes().forEach(node -> makeHalves(node, made));
    weights.forEach(graph::putInitializer);
    graph.add(casts.toArray(Node[]::new));
    graph.sort();
    graph.removeDead();
  }

  private void readHalves(Node node, Set<String> made) {
    HalfOperator operator = halves.contains(node) ? operator(node) : null;
    for (int i = 0; i < node.inputs().size(); i++) {
      String value = node.input(i);
      if (operator != null && operator.takes(i) && floats.isFloat(value)) {
        node.setInput(i, halfOf(value));
      } else if (isIndifferent(node) && made.contains(value)) {
        node.setInput(i, half(value));
      }
    }
  }

  /** The half form of a value, which is made later if nothing makes it. */
  private String halfOf(String value) {
    String known = halfNames.get(value);
    if (known != null) {
      return known;
    }
    String name = graph.uniqueName(value + "_half");
    halfNames.put(value, name);
    converted.add(value);
    return name;
  }

  private String half(String value) {
    return halfNames.getOrDefault(value, value);
  }

  private void convert(String value, List<Node> casts, List<TensorData> weights) {
    TensorData constant = graph.constant(value);
    if (constant == null) {
      casts.add(Cast.of(value, half(value), DataType.FLOAT16));
    } else {
      weights.add(halved(constant).withName(half(value)));
    }
  }

  private void makeHalves(Node node, Set<String> made) {
    if (!halves.contains(node)) {
      return;
    }
    if (isCastToFloat(node)) {
      node.put(Cast.to(DataType.FLOAT16));
    }
    for (int i = 0; i < node.outputs().size(); i++) {
      if (made.contains(node.output(i))) {
        node.setOutput(i, half(node.output(i)));
      }
    }
  }

  private static TensorData halved(TensorData constant) {
    if (!saysNever(constant)) {
      return Halves.of(constant, new SignalToNoise());
    }
    float never = Math.copySign(NEVER_IN_HALF, constant.bytes().getFloat(0));
    return Halves.of(TensorData.ofFloats("", constant.shape(), never), new SignalToNoise());
  }
}
