package dev.hone.onnx.graph;

import dev.hone.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/** How the integers of a computed shape follow from those it is made of. */
final class ElementRules {
  /** Longer lists of integers are data, not shapes. */
  static final int MOST = 16;

  private final SymbolicShapes shapes;

  ElementRules(SymbolicShapes shapes) {
    this.shapes = shapes;
  }

  static List<Length> known(long... numbers) {
    return Arrays.stream(numbers).mapToObj(Length::of).toList();
  }

  /** The integers that a node makes, or null if it makes something else or too much. */
  @Nullable List<Length> of(Node node) {
    if (!node.domain().isEmpty()) {
      return null;
    }
    return switch (node.op()) {
      case "Shape" -> shape(node);
      case "Gather", "Slice", "Concat", "Where", "Equal", "Mul", "Add", "Sub", "Div" ->
          node.inputs().stream().allMatch(this::isList) ? ofLists(node) : null;
      case "Identity", "Unsqueeze", "Squeeze", "Reshape" -> shapes.elements(node.input(0));
      case "Cast" -> toInteger(node) ? shapes.elements(node.input(0)) : null;
      case "ConstantOfShape" -> filled(node);
      default -> null;
    };
  }

  /** Of a matrix, the elements are not what such nodes pick, join and compare one by one. */
  private boolean isList(String value) {
    return shapes.rank(value) <= 1;
  }

  private @Nullable List<Length> ofLists(Node node) {
    return switch (node.op()) {
      case "Gather" -> gather(node);
      case "Slice" -> slice(node);
      case "Concat" -> concat(node);
      case "Equal" -> combined(node, (a, b) -> a == b ? 1 : 0);
      case "Where" -> where(node);
      case "Mul" -> combined(node, (a, b) -> a * b);
      case "Add" -> combined(node, Long::sum);
      case "Sub" -> combined(node, (a, b) -> a - b);
      case "Div" -> combined(node, (a, b) -> b == 0 ? 0 : a / b);
      default -> null;
    };
  }

  private static boolean toInteger(Node cast) {
    DataType to = Cast.type(cast);
    return to == DataType.INT64 || to == DataType.INT32;
  }

  private @Nullable List<Length> shape(Node node) {
    List<Length> dims = shapes.dims(node.input(0));
    if (dims == null || dims.size() > MOST) {
      return null;
    }
    int from = clamp(node.longAttribute("start", 0), dims.size());
    int to = clamp(node.longAttribute("end", dims.size()), dims.size());
    return dims.subList(Math.min(from, to), to);
  }

  private static int clamp(long position, int size) {
    return (int) Math.max(0, Math.min(size, position < 0 ? position + size : position));
  }

  private @Nullable List<Length> gather(Node node) {
    List<Length> from = shapes.elements(node.input(0));
    long[] indices = shapes.numbers(node.input(1));
    if (from == null || indices == null || node.longAttribute("axis", 0) != 0) {
      return null;
    }
    List<Length> picked = new ArrayList<>();
    for (long index : indices) {
      long position = index < 0 ? index + from.size() : index;
      if (position < 0 || position >= from.size()) {
        return null;
      }
      picked.add(from.get((int) position));
    }
    return picked;
  }

  private @Nullable List<Length> slice(Node node) {
    List<Length> from = shapes.elements(node.input(0));
    long[] starts = shapes.parameter(node, "starts", 1);
    long[] ends = shapes.parameter(node, "ends", 2);
    if (from == null || starts == null || ends == null || !hasStepOne(node)) {
      return null;
    }
    if (starts.length != 1 || ends.length != 1) {
      return null;
    }
    int begin = clamp(starts[0], from.size());
    int end = clamp(ends[0], from.size());
    return from.subList(Math.min(begin, end), end);
  }

  private boolean hasStepOne(Node slice) {
    long[] steps = shapes.numbers(slice.input(4));
    return !slice.hasInput(4) || (steps != null && steps.length == 1 && steps[0] == 1);
  }

  private @Nullable List<Length> concat(Node node) {
    List<Length> all = new ArrayList<>();
    for (String input : node.inputs()) {
      List<Length> part = shapes.elements(input);
      if (part == null) {
        return null;
      }
      all.addAll(part);
    }
    return all.size() > MOST ? null : all;
  }

  private @Nullable List<Length> filled(Node node) {
    long[] count = shapes.numbers(node.input(0));
    Attribute value = node.attribute("value");
    long[] fill =
        value == null || value.kind() != Attribute.Kind.TENSOR
            ? null
            : Constants.integers(value.asTensor());
    if (count == null || count.length != 1 || count[0] < 0 || count[0] > MOST || fill == null) {
      return null;
    }
    return Collections.nCopies((int) count[0], Length.of(fill[0]));
  }

  private @Nullable List<Length> where(Node node) {
    long[] conditions = shapes.numbers(node.input(0));
    List<Length> yes = shapes.elements(node.input(1));
    List<Length> no = shapes.elements(node.input(2));
    if (conditions == null || yes == null || no == null) {
      return null;
    }
    if (yes.size() != conditions.length || no.size() != conditions.length) {
      return null;
    }
    List<Length> chosen = new ArrayList<>();
    for (int i = 0; i < conditions.length; i++) {
      chosen.add(conditions[i] != 0 ? yes.get(i) : no.get(i));
    }
    return chosen;
  }

  private @Nullable List<Length> combined(Node node, LongBinaryOperator operator) {
    List<Length> left = shapes.elements(node.input(0));
    List<Length> right = shapes.elements(node.input(1));
    if (left == null || right == null || left.isEmpty() || right.isEmpty()) {
      return null;
    }
    int count = Math.max(left.size(), right.size());
    List<Length> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Length a = left.get(Math.min(i, left.size() - 1));
      Length b = right.get(Math.min(i, right.size() - 1));
      result.add(combined(node, operator, a, b, i));
    }
    return result;
  }

  private static Length combined(
      Node node, LongBinaryOperator operator, Length a, Length b, int index) {
    if (a.isKnown() && b.isKnown()) {
      return Length.of(operator.applyAsLong(a.number(), b.number()));
    }
    boolean negative = a.number() < 0 || b.number() < 0;
    // A length is never negative, so it is not the -1 that stands for one left open.
    return node.is("Equal") && negative
        ? Length.of(0)
        : SymbolicShapes.own(node.output(0) + "*", index);
  }
}
