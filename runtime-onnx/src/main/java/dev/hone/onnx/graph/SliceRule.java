package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The shape that a {@code Slice} gives; only whole steps of 1 are followed. */
record SliceRule(SymbolicShapes shapes, Node node, List<Length> in) {
  List<Length> dims() {
    List<Length> starts = bounds("starts", 1);
    List<Length> ends = bounds("ends", 2);
    long[] axes = shapes.parameter(node, "axes", 3);
    long[] steps = node.hasInput(4) ? shapes.numbers(node.input(4)) : new long[0];
    boolean axesKnown = axes != null || (node.attribute("axes") == null && !node.hasInput(3));
    if (starts == null || ends == null || !axesKnown || steps == null || isShort(axes, starts)) {
      return SymbolicShapes.unknown(node.output(0), in.size());
    }
    List<Length> result = new ArrayList<>(in);
    for (int i = 0; i < Math.min(starts.size(), ends.size()); i++) {
      long named = axes == null ? i : axes[i];
      int axis = (int) (named < 0 ? named + in.size() : named);
      if (axis < 0 || axis >= in.size()) {
        return SymbolicShapes.unknown(node.output(0), in.size());
      }
      boolean plain = i >= steps.length || steps[i] == 1;
      Length unknown = SymbolicShapes.own(node.output(0), axis);
      result.set(axis, plain ? cut(in.get(axis), starts.get(i), ends.get(i), unknown) : unknown);
    }
    return result;
  }

  private static boolean isShort(long @Nullable [] axes, List<Length> starts) {
    return axes != null && axes.length < starts.size();
  }

  private @Nullable List<Length> bounds(String attribute, int input) {
    long[] known = shapes.parameter(node, attribute, input);
    if (known != null) {
      return ElementRules.known(known);
    }
    return node.hasInput(input) ? shapes.elements(node.input(input)) : null;
  }

  private static Length cut(Length length, Length start, Length end, Length unknown) {
    if (start.is(0) && end.isKnown() && end.number() >= Integer.MAX_VALUE) {
      return length;
    }
    if (start.is(0) && !end.isKnown()) {
      return end;
    }
    if (!length.isKnown() || !start.isKnown() || !end.isKnown()) {
      return unknown;
    }
    long from = clamp(start.number(), length.number());
    return Length.of(Math.max(0, clamp(end.number(), length.number()) - from));
  }

  private static long clamp(long position, long size) {
    return Math.max(0, Math.min(size, position < 0 ? position + size : position));
  }
}
