package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * The shape of what several values make element by element: lengths are compared from the last
 * dimension on, and one of 1, or a dimension that is not there, is as long as the other wants.
 */
final class Broadcasting {
  private Broadcasting() {}

  /**
   * The dimensions of a result.
   *
   * @param value its name, for lengths that cannot be known
   */
  static List<Length> of(String value, List<Length> a, List<Length> b) {
    int rank = Math.max(a.size(), b.size());
    List<Length> result = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      Length left = fromEnd(a, rank - axis);
      Length right = fromEnd(b, rank - axis);
      result.add(of(left, right, SymbolicShapes.own(value, axis)));
    }
    return result;
  }

  private static Length of(Length left, Length right, Length unknown) {
    if (left.equals(right) || right.is(1)) {
      return left;
    }
    if (left.is(1) || right.isKnown()) {
      return right;
    }
    return left.isKnown() ? left : unknown;
  }

  private static Length fromEnd(List<Length> dims, int position) {
    return position > dims.size() ? Length.of(1) : dims.get(dims.size() - position);
  }
}
