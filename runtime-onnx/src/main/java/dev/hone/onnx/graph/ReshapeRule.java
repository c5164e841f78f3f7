package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shape that a {@code Reshape} gives. A 0 in the target copies the length at its place; the one
 * -1 takes what is left of the elements, which is found by cancelling equal lengths on both sides:
 * {@code [b, s, 768] -> [b, -1, 12, 64]} leaves {@code s}.
 */
record ReshapeRule(Node node, @Nullable List<Length> in, List<Length> target) {
  List<Length> dims() {
    List<Length> result = new ArrayList<>();
    int open = -1;
    for (int axis = 0; axis < target.size(); axis++) {
      Length wanted = target.get(axis);
      if (wanted.is(-1)) {
        open = axis;
      }
      result.add(wanted.is(0) ? copied(axis) : wanted);
    }
    if (open >= 0) {
      result.set(open, leftOver(result, open));
    }
    return result;
  }

  private Length unknown(int axis) {
    return SymbolicShapes.own(node.output(0), axis);
  }

  private Length copied(int axis) {
    boolean zeroMeansCopy = node.longAttribute("allowzero", 0) == 0;
    if (!zeroMeansCopy || in == null || axis >= in.size()) {
      return unknown(axis);
    }
    return in.get(axis);
  }

  private Length leftOver(List<Length> result, int open) {
    if (in == null) {
      return unknown(open);
    }
    List<Length> left = new ArrayList<>(in);
    long divisor = 1;
    for (int axis = 0; axis < result.size(); axis++) {
      Length length = result.get(axis);
      if (axis == open) {
        continue;
      }
      if (length.isKnown()) {
        divisor *= length.number();
      } else if (!left.remove(length)) {
        return unknown(open);
      }
    }
    return quotient(left, divisor, open);
  }

  private Length quotient(List<Length> left, long divisor, int open) {
    long product = 1;
    Length symbol = null;
    for (Length length : left) {
      if (length.isKnown()) {
        product *= length.number();
      } else if (symbol == null) {
        symbol = length;
      } else {
        return unknown(open);
      }
    }
    if (symbol != null) {
      return product == divisor ? symbol : unknown(open);
    }
    return divisor > 0 && product % divisor == 0 ? Length.of(product / divisor) : unknown(open);
  }
}
