package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a graph. Its inputs and outputs are names of values; an empty name is an
 * optional one left out.
 *
 * <p>Mutable and not thread-safe. Belongs to at most one graph.
 */
public final class Node {
  private final String domain;
  private final String op;
  private String name;
  private final List<String> inputs;
  private final List<String> outputs;
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();
  private final List<RawField> rest;
  private @Nullable ByteBuffer origin;
  private @Nullable Graph owner;

  Node(
      String domain,
      String op,
      String name,
      List<String> inputs,
      List<String> outputs,
      List<RawField> rest) {
    this.domain = domain.equals("ai.onnx") ? "" : domain;
    this.op = op;
    this.name = name;
    this.inputs = new ArrayList<>(inputs);
    this.outputs = new ArrayList<>(outputs);
    this.rest = rest;
  }

  /** A node of the standard operators. */
  public static Node of(String op, List<String> inputs, List<String> outputs, Attribute... more) {
    return of("", op, inputs, outputs, more);
  }

  /**
   * A node.
   *
   * @param domain the operator's domain; empty for the standard ones
   * @param more its attributes
   */
  public static Node of(
      String domain, String op, List<String> inputs, List<String> outputs, Attribute... more) {
    Node node = new Node(domain, op, "", inputs, outputs, List.of());
    for (Attribute attribute : more) {
      node.put(attribute);
    }
    return node;
  }

  /** The operator. */
  public String op() {
    return op;
  }

  /** The operator's domain; empty for the standard operators. */
  public String domain() {
    return domain;
  }

  /** Whether it is this standard operator. */
  public boolean is(String standardOp) {
    return op.equals(standardOp) && domain.isEmpty();
  }

  /** Whether it is this operator of this domain. */
  public boolean is(String wantedDomain, String wantedOp) {
    return op.equals(wantedOp) && domain.equals(wantedDomain);
  }

  /** Its name, which may be empty. */
  public String name() {
    return name;
  }

  /** Gives it a name. */
  public Node named(String newName) {
    changed();
    name = newName;
    take(List.of(name));
    return this;
  }

  /** How messages call it: by its name, or by its first output if it has none. */
  public String label() {
    return op + " '" + (name.isEmpty() && !outputs.isEmpty() ? outputs.get(0) : name) + "'";
  }

  /** The names of its inputs, copied. */
  public List<String> inputs() {
    return List.copyOf(inputs);
  }

  /** The names of its outputs, copied. */
  public List<String> outputs() {
    return List.copyOf(outputs);
  }

  /** One input's name; empty if it is left out or beyond the last. */
  public String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }

  /** One output's name; empty if it is left out or beyond the last. */
  public String output(int index) {
    return index < outputs.size() ? outputs.get(index) : "";
  }

  /** Whether it has this input. */
  public boolean hasInput(int index) {
    return !input(index).isEmpty();
  }

  /** Names one input anew; inputs between the last and this one are left out. */
  public void setInput(int index, String value) {
    changed();
    while (inputs.size() <= index) {
      inputs.add("");
    }
    inputs.set(index, value);
  }

  /** Names all inputs anew. */
  public void setInputs(List<String> values) {
    changed();
    List<String> copy = List.copyOf(values);
    inputs.clear();
    inputs.addAll(copy);
  }

  /** Names one output anew. */
  public void setOutput(int index, String value) {
    changed();
    outputs.set(index, value);
    take(outputs);
  }

  /** Names all outputs anew. */
  public void setOutputs(List<String> values) {
    changed();
    List<String> copy = List.copyOf(values);
    outputs.clear();
    outputs.addAll(copy);
    take(outputs);
  }

  /** Its attributes, in order. */
  public List<Attribute> attributes() {
    return List.copyOf(attributes.values());
  }

  /** The attribute of this name, or null. */
  public @Nullable Attribute attribute(String attribute) {
    return attributes.get(attribute);
  }

  /** The integer attribute of this name, or {@code absent} if there is none. */
  public long longAttribute(String attribute, long absent) {
    Attribute found = attributes.get(attribute);
    return found == null ? absent : found.asLong();
  }

  /** The float attribute of this name, or {@code absent} if there is none. */
  public float floatAttribute(String attribute, float absent) {
    Attribute found = attributes.get(attribute);
    return found == null ? absent : found.asFloat();
  }

  /** The text attribute of this name, or {@code absent} if there is none. */
  public String stringAttribute(String attribute, String absent) {
    Attribute found = attributes.get(attribute);
    return found == null ? absent : found.asString();
  }

  /** The integers of this name, copied, or {@code absent} if there are none. */
  public long[] longsAttribute(String attribute, long... absent) {
    Attribute found = attributes.get(attribute);
    return found == null ? absent : found.asLongs();
  }

  /** Adds an attribute, or replaces the one of its name. */
  public Node put(Attribute attribute) {
    changed();
    attributes.put(attribute.name(), attribute);
    attribute.graphs().forEach(graph -> graph.setParent(this));
    return this;
  }

  /** Removes an attribute, if it is there. */
  public void removeAttribute(String attribute) {
    changed();
    attributes.remove(attribute);
  }

  /** The graphs in its attributes. */
  public List<Graph> subgraphs() {
    return attributes.values().stream().flatMap(a -> a.graphs().stream()).toList();
  }

  @Nullable Graph owner() {
    return owner;
  }

  void setOwner(@Nullable Graph graph) {
    owner = graph;
  }

  List<RawField> rest() {
    return rest;
  }

  private void take(List<String> names) {
    if (owner != null) {
      owner.take(names);
    }
  }

  private void changed() {
    origin = null;
    if (owner != null) {
      owner.indexChanged();
    }
  }

  /** Says that the node, as it is now, is what was read from here. */
  void setOrigin(ByteBuffer message) {
    origin = message;
  }

  /** The message as it was read, or null if the node is new or changed. */
  @Nullable ByteBuffer untouched() {
    boolean same = attributes.values().stream().allMatch(a -> a.untouched() != null);
    return same ? origin : null;
  }

  /** A copy that belongs to no graph. */
  public Node copy() {
    Node copy = new Node(domain, op, name, inputs, outputs, rest);
    attributes.values().forEach(attribute -> copy.put(attribute.copy()));
    copy.origin = origin;
    return copy;
  }

  /** For example {@code y = Gemm(x, w, b) {transB=1}}. */
  @Override
  public String toString() {
    String more =
        attributes.values().stream().map(Attribute::toString).collect(Collectors.joining(", "));
    return String.join(", ", outputs)
        + " = "
        + (domain.isEmpty() ? "" : domain + ".")
        + op
        + "("
        + String.join(", ", inputs)
        + ")"
        + (more.isEmpty() ? "" : " {" + more + "}");
  }
}
