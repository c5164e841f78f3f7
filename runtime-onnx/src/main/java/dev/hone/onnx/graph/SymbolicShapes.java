package dev.hone.onnx.graph;

import dev.hone.Signature.Dimension;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can be said about the shapes in a graph before it runs. Each axis gets a {@link Length}: a
 * number, the name that the model gives it ({@code batch}), or, where nothing is known, a name of
 * its own made of value and axis. So two values whose shapes must agree can be told from two that
 * only may: {@code MatMul(x, w)} has the leading axes of {@code x}, whatever they are.
 *
 * <p>Shapes that a graph computes ({@code Shape}, {@code Gather}, {@code Concat} in front of a
 * {@code Reshape}) are followed element by element.
 *
 * <p>Taken for granted is that a run of the model succeeds: a slice {@code [0:n]} of a table has
 * {@code n} rows, and of two lengths that broadcast, one known and greater than 1, both are that.
 *
 * <p>A snapshot: rewriting the graph does not change it, and it stays true as long as values keep
 * their names.
 */
public final class SymbolicShapes {
  private final Graph graph;
  private final Map<String, List<Length>> dims = new HashMap<>();
  private final Map<String, List<Length>> elements = new HashMap<>();

  private SymbolicShapes(Graph graph) {
    this.graph = graph;
  }

  /** Goes through the nodes of a graph in order; subgraphs are not looked at. */
  public static SymbolicShapes of(Graph graph) {
    SymbolicShapes shapes = new SymbolicShapes(graph);
    graph.inputs().forEach(shapes::declare);
    ShapeRules rules = new ShapeRules(shapes);
    ElementRules elementRules = new ElementRules(shapes);
    for (Node node : graph.nodes()) {
      List<Length> computed = elementRules.of(node);
      if (computed != null) {
        shapes.elements.put(node.output(0), computed);
      }
      for (int i = 0; i < node.outputs().size(); i++) {
        shapes.learn(node.output(i), rules.of(node, i));
      }
    }
    return shapes;
  }

  private void learn(String value, @Nullable List<Length> found) {
    ValueInfo info = graph.valueInfo(value);
    if (found != null) {
      dims.put(value, found);
    } else if (info != null) {
      declare(info);
    }
  }

  private void declare(ValueInfo info) {
    List<Dimension> declared = info.type().dimensions();
    if (declared == null) {
      return;
    }
    List<Length> lengths = new ArrayList<>();
    for (Dimension dimension : declared) {
      int axis = lengths.size();
      lengths.add(
          dimension.length().isPresent()
              ? Length.of(dimension.length().getAsLong())
              : dimension.symbol().map(Length::named).orElseGet(() -> own(info.name(), axis)));
    }
    dims.put(info.name(), lengths);
  }

  /** The name that an axis has of which nothing else is known. */
  static Length own(String value, int axis) {
    return Length.named(value + "[" + axis + "]");
  }

  /** A shape of which only the number of axes is known. */
  static List<Length> unknown(String value, long rank) {
    List<Length> lengths = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      lengths.add(own(value, axis));
    }
    return lengths;
  }

  /** The lengths of a value's axes, or null if not even their number is known. */
  public @Nullable List<Length> dims(String value) {
    List<Length> known = dims.get(value);
    if (known != null) {
      return known;
    }
    TensorData constant = graph.constant(value);
    return constant == null ? null : constantDims(constant);
  }

  private static List<Length> constantDims(TensorData constant) {
    List<Length> lengths = new ArrayList<>();
    for (long length : constant.shape().toArray()) {
      lengths.add(Length.of(length));
    }
    return lengths;
  }

  /** How many axes a value has, or -1 if that is not known. */
  public int rank(String value) {
    List<Length> known = dims(value);
    return known == null ? -1 : known.size();
  }

  /**
   * The elements of a value that holds a few integers, a shape most often, or null if it is
   * something else; a single integer without axes is a list of one.
   */
  public @Nullable List<Length> elements(String value) {
    List<Length> known = elements.get(value);
    if (known != null) {
      return known;
    }
    TensorData constant = graph.constant(value);
    if (constant == null || constant.shape().elementCount() > ElementRules.MOST) {
      return null;
    }
    long[] numbers = Constants.integers(constant);
    return numbers == null ? null : ElementRules.known(numbers);
  }

  /** The elements of a value if they are all known numbers, or null. */
  public long @Nullable [] numbers(String value) {
    List<Length> found = elements(value);
    if (found == null || !found.stream().allMatch(Length::isKnown)) {
      return null;
    }
    return found.stream().mapToLong(Length::number).toArray();
  }

  /**
   * Integers that older operator sets keep in an attribute and newer ones in an input, or null if
   * they are in neither, or not known.
   */
  public long @Nullable [] parameter(Node node, String attribute, int input) {
    Attribute found = node.attribute(attribute);
    if (found != null) {
      return found.kind() == Attribute.Kind.INTS ? found.asLongs() : null;
    }
    return node.hasInput(input) ? numbers(node.input(input)) : null;
  }
}
