package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Nodes and the values between them. A value is known by its name, made by at most one node, and is
 * otherwise an input or an initializer.
 *
 * <p>Mutable and not thread-safe. Questions about producers and consumers are answered from an
 * index that is rebuilt after a change when next asked: ask, then change.
 */
public final class Graph {
  private String name;
  private final NodeList nodes = new NodeList(this);
  private final List<ValueInfo> inputs = new ArrayList<>();
  private final List<ValueInfo> outputs = new ArrayList<>();
  private final Map<String, TensorData> initializers = new LinkedHashMap<>();
  private final Map<String, ValueInfo> valueInfos = new LinkedHashMap<>();
  private final List<RawField> rest;
  private @Nullable ByteBuffer origin;
  private @Nullable GraphIndex index;
  private final TakenNames names = new TakenNames(this);
  private @Nullable Node parent;
  private boolean defaultsFixed;

  Graph(String name, List<RawField> rest) {
    this.name = name;
    this.rest = rest;
  }

  /** An empty graph. */
  public Graph(String name) {
    this(name, List.of());
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Gives it a name. */
  public void setName(String newName) {
    changed();
    name = newName;
  }

  // ---- what it holds

  /** Its nodes, in order: a live view that cannot be changed. */
  public List<Node> nodes() {
    return nodes.view();
  }

  /** The nodes of a standard operator, in order. */
  public List<Node> nodes(String op) {
    return nodes().stream().filter(node -> node.is(op)).toList();
  }

  /** Its inputs, in order, with those that have an initializer as default. */
  public List<ValueInfo> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  /** Its outputs, in order. */
  public List<ValueInfo> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  /** Its weights, in order. */
  public Collection<TensorData> initializers() {
    return Collections.unmodifiableCollection(initializers.values());
  }

  /** The weight of this name, or null. */
  public @Nullable TensorData initializer(String value) {
    return initializers.get(value);
  }

  /** What the model says about values inside it: often nothing. */
  public Collection<ValueInfo> valueInfos() {
    return Collections.unmodifiableCollection(valueInfos.values());
  }

  /** What the model says about a value, be it input, output or inner, or null if nothing. */
  public @Nullable ValueInfo valueInfo(String value) {
    ValueInfo inner = valueInfos.get(value);
    return inner != null
        ? inner
        : Stream.concat(inputs.stream(), outputs.stream())
            .filter(info -> info.name().equals(value))
            .findFirst()
            .orElse(null);
  }

  /** Whether a value is an input. */
  public boolean isInput(String value) {
    return inputs.stream().anyMatch(info -> info.name().equals(value));
  }

  /** Whether a value is an output. */
  public boolean isOutput(String value) {
    return outputs.stream().anyMatch(info -> info.name().equals(value));
  }

  // ---- questions

  /** The node that makes a value, or null. */
  public @Nullable Node producer(String value) {
    return index().producer(value);
  }

  /**
   * The nodes that use a value, each once, in order. A node whose subgraph uses it counts; that the
   * value is an output of the graph does not: see {@link #useCount}.
   */
  public List<Node> consumers(String value) {
    return index().consumers(value);
  }

  /** How often a value is used: inputs of nodes, uses inside subgraphs, outputs of the graph. */
  public int useCount(String value) {
    return index().useCount(value);
  }

  /**
   * The constant that a value is, or null: an initializer that no caller can override, or the
   * tensor of a {@code Constant} node.
   */
  public @Nullable TensorData constant(String value) {
    TensorData weight = initializers.get(value);
    if (weight != null) {
      return isInput(value) && !defaultsFixed ? null : weight;
    }
    Node producer = producer(value);
    return producer == null ? null : Constants.tensorOf(producer);
  }

  /** A name that nothing in the whole model has, made from {@code hint}; it is then taken. */
  public String uniqueName(String hint) {
    return root().names.unique(hint);
  }

  /** Remembers names that were chosen by hand, so that {@link #uniqueName} avoids them. */
  void take(Collection<String> chosen) {
    root().names.take(chosen);
  }

  private Graph root() {
    Graph outer = outer();
    return outer == null ? this : outer.root();
  }

  /** The graph around this one, or null. */
  @Nullable Graph outer() {
    return parent == null ? null : parent.owner();
  }

  // ---- changes

  /**
   * Adds nodes at the end.
   *
   * @throws IllegalArgumentException if one belongs to a graph already
   */
  public void add(Node... added) {
    insert(nodes().size(), added);
  }

  /**
   * Inserts nodes before a node of this graph.
   *
   * @throws IllegalArgumentException if the node is not in it, or one belongs to a graph already
   */
  public void insertBefore(Node anchor, Node... added) {
    insert(nodes.position(anchor), added);
  }

  /**
   * Inserts nodes after a node of this graph.
   *
   * @throws IllegalArgumentException if the node is not in it, or one belongs to a graph already
   */
  public void insertAfter(Node anchor, Node... added) {
    insert(nodes.position(anchor) + 1, added);
  }

  private void insert(int position, Node... added) {
    nodes.insert(position, added);
    for (Node node : added) {
      take(node.outputs());
      take(List.of(node.name()));
    }
    changed();
  }

  /** Removes nodes. What they made must not be used any more when the graph is written. */
  public void remove(Collection<Node> removed) {
    nodes.remove(removed);
    changed();
  }

  /** Removes a node. */
  public void remove(Node node) {
    remove(List.of(node));
  }

  /** Puts nodes where a node was. */
  public void replace(Node replaced, Node... by) {
    insertBefore(replaced, by);
    remove(replaced);
  }

  /**
   * Lets all nodes, also those in subgraphs, use {@code to} where they used {@code from}. Outputs
   * of the graph keep their name: a node that takes over an output takes over its name.
   */
  public void replaceUses(String from, String to) {
    for (Node consumer : consumers(from)) {
      for (int i = 0; i < consumer.inputs().size(); i++) {
        if (consumer.input(i).equals(from)) {
          consumer.setInput(i, to);
        }
      }
      consumer.subgraphs().stream()
          .filter(subgraph -> !GraphIndex.defined(subgraph).contains(from))
          .forEach(subgraph -> subgraph.replaceUses(from, to));
    }
  }

  /** Adds a weight, or replaces the one of its name. */
  public void putInitializer(TensorData weight) {
    changed();
    take(List.of(weight.name()));
    initializers.put(weight.name(), weight);
  }

  /** Adds a weight under a name made from {@code hint} that nothing has yet, and gives the name. */
  public String addInitializer(String hint, TensorData weight) {
    String unique = uniqueName(hint);
    putInitializer(weight.withName(unique));
    return unique;
  }

  /**
   * Removes a weight, if it is there. Where callers cannot override initializers, and it is listed
   * among the inputs only because the format wants that, it goes from there, too.
   */
  public void removeInitializer(String weight) {
    changed();
    if (initializers.remove(weight) != null && defaultsFixed) {
      inputs.removeIf(input -> input.name().equals(weight));
    }
  }

  /** Adds an input at the end. */
  public void addInput(ValueInfo input) {
    changed();
    take(List.of(input.name()));
    inputs.add(input);
  }

  /** Puts an input in the place of the one of its name. */
  public void replaceInput(ValueInfo by) {
    changed();
    inputs.replaceAll(input -> input.name().equals(by.name()) ? by : input);
  }

  /** Adds an output at the end. */
  public void addOutput(ValueInfo output) {
    changed();
    outputs.add(output);
  }

  /** Removes an output, if it is there. */
  public void removeOutput(String output) {
    changed();
    outputs.removeIf(info -> info.name().equals(output));
  }

  /** Says what an inner value is, or says it anew. */
  public void putValueInfo(ValueInfo info) {
    changed();
    valueInfos.put(info.name(), info);
  }

  /** Forgets what the model says about inner values for which this holds. */
  public void removeValueInfos(Predicate<ValueInfo> which) {
    if (valueInfos.values().removeIf(which)) {
      changed();
    }
  }

  /** Puts each node behind those whose values it uses, and otherwise leaves the order alone. */
  public void sort() {
    if (nodes.arrange(NodeOrder.sorted(this))) {
      changed();
    }
  }

  /** Removes nodes, initializers and value infos that no output needs; gives how many nodes. */
  public int removeDead() {
    return DeadCode.remove(this);
  }

  // ---- for the reader and writer

  /** Says that callers cannot override initializers: so it is before IR version 4. */
  void setDefaultsFixed(boolean fixed) {
    defaultsFixed = fixed;
  }

  /** Takes initializers out of the inputs where callers cannot override them. */
  void freeInitializers() {
    if (defaultsFixed) {
      changed();
      inputs.removeIf(input -> initializers.containsKey(input.name()));
      defaultsFixed = false;
    }
  }

  /** Whether an input may be left out because it has a default that callers can override. */
  boolean hasDefault(String input) {
    return initializers.containsKey(input) && !defaultsFixed;
  }

  void setParent(Node node) {
    parent = node;
  }

  List<RawField> rest() {
    return rest;
  }

  GraphIndex index() {
    if (index == null) {
      index = GraphIndex.of(this);
    }
    return index;
  }

  private void changed() {
    origin = null;
    indexChanged();
  }

  void indexChanged() {
    index = null;
    Graph outer = outer();
    if (outer != null) {
      outer.indexChanged();
    }
  }

  /** Says that the graph, as it is now, is what was read from here. */
  void setOrigin(ByteBuffer message) {
    origin = message;
  }

  boolean isUntouched() {
    return untouched() != null;
  }

  /** The message as it was read, or null if the graph is new or changed. */
  @Nullable ByteBuffer untouched() {
    if (origin == null) {
      return null;
    }
    boolean same = nodes().stream().allMatch(node -> node.untouched() != null);
    return same ? origin : null;
  }

  /** A copy with nodes of its own, which shares the weights. */
  public Graph copy() {
    Graph copy = new Graph(name, rest);
    nodes().forEach(node -> copy.add(node.copy()));
    copy.inputs.addAll(inputs);
    copy.outputs.addAll(outputs);
    copy.initializers.putAll(initializers);
    copy.valueInfos.putAll(valueInfos);
    copy.defaultsFixed = defaultsFixed;
    copy.origin = origin;
    return copy;
  }

  /** The graph as text: see {@link GraphPrinter}. */
  @Override
  public String toString() {
    return GraphPrinter.print(this);
  }
}
