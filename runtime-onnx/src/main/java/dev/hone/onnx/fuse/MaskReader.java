package dev.hone.onnx.fuse;

import dev.hone.onnx.fuse.MaskForm.Layout;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads masks by what they do, not by how they are written. Every exporter makes the mask that is
 * added to the scores out of the caller's zeros and ones in another way: {@code (1 - m) · min},
 * {@code Where(m == 0, min, 0)}, with casts, new axes and expansions in any order. They all are a
 * function of one number at each position. So: walk back to the one value that all of it depends
 * on, and evaluate the function for 0 and for 1. If one of the two gives 0, it is a mask, and the
 * other gives its filter value.
 *
 * <p>An integer input is taken to hold only zeros and ones, as the models' tokenizers make them.
 * What a comparison gives is a source of its own, and exact whatever is compared; so is {@code And}
 * and {@code Or} of several sources.
 */
final class MaskReader {
  private static final Set<String> LAYOUT =
      Set.of("Unsqueeze", "Squeeze", "Reshape", "Expand", "Slice", "Identity", "Cast", "CastLike");
  private static final String NONE = "";
  private static final String SEVERAL = "*";

  private final Context context;

  MaskReader(Context context) {
    this.context = context;
  }

  /** Reads a mask that is added to the scores; null if it is none of this kind. */
  @Nullable MaskForm added(String mask) {
    String source = source(mask);
    MaskFunction function = new MaskFunction(context, source);
    return form(mask, source, function.at(mask, 0), function.at(mask, 1));
  }

  /**
   * Reads a mask of truth values; null if it is none of this kind.
   *
   * @param hides whether true hides a position, rather than false
   * @param filter what a hidden position gets
   */
  @Nullable MaskForm chosen(String mask, boolean hides, double filter) {
    String source = source(mask);
    MaskFunction function = new MaskFunction(context, source);
    double hidden = hides ? 1 : 0;
    double ofZero = function.at(mask, 0);
    double ofOne = function.at(mask, 1);
    if (Double.isNaN(ofZero) || Double.isNaN(ofOne)) {
      return null; // it depends on the position, too
    }
    return form(mask, source, ofZero == hidden ? filter : 0, ofOne == hidden ? filter : 0);
  }

  private @Nullable MaskForm form(String mask, String source, double ofZero, double ofOne) {
    if (source.equals(NONE) || source.equals(SEVERAL)) {
      return null;
    }
    Layout layout = layout(mask, source);
    boolean onesStay = ofOne == 0 && ofZero < 0;
    boolean zerosStay = ofZero == 0 && ofOne < 0;
    if (layout == null || !(onesStay || zerosStay)) {
      return null;
    }
    return new MaskForm(source, onesStay, (float) (onesStay ? ofZero : ofOne), layout);
  }

  // ---- the one value that all depends on

  private String source(String value) {
    if (isConstant(value)) {
      return NONE;
    }
    Node node = context.graph().producer(value);
    if (node == null || !node.domain().isEmpty()) {
      return value;
    }
    if (LAYOUT.contains(node.op())) {
      return source(node.input(0));
    }
    if (!MaskFunction.ELEMENTWISE.contains(node.op())) {
      return value;
    }
    String source = node.inputs().stream().map(this::source).reduce(NONE, MaskReader::both);
    boolean truth = node.is("And") || node.is("Or");
    return truth && source.equals(SEVERAL) ? value : source;
  }

  private boolean isConstant(String value) {
    Node node = context.graph().producer(value);
    return context.graph().constant(value) != null || (node != null && node.is("ConstantOfShape"));
  }

  private static String both(String one, String other) {
    if (one.equals(NONE) || one.equals(other)) {
      return other;
    }
    return other.equals(NONE) ? one : SEVERAL;
  }

  // ---- where its axes go

  private @Nullable Layout layout(String mask, String source) {
    List<Length> dims = context.shapes().dims(source);
    int[] axes = dims == null ? null : axes(mask, source, dims.size());
    if (dims == null || axes == null) {
      return null;
    }
    if (Arrays.equals(axes, new int[] {0, -1, -1, 1})) {
      return Layout.BATCH_KEYS;
    }
    if (Arrays.equals(axes, new int[] {0, -1, 1, 2})) {
      return Layout.BATCH_QUERIES_KEYS;
    }
    if (!Arrays.equals(axes, new int[] {0, 1, 2, 3}) || !dims.get(1).is(1)) {
      return null;
    }
    return dims.get(2).is(1) ? Layout.BATCH_1_1_KEYS : Layout.BATCH_1_QUERIES_KEYS;
  }

  /** For each axis of a value the axis of the source that it is, or -1; null where not known. */
  private int @Nullable [] axes(String value, String source, int rank) {
    if (value.equals(source)) {
      int[] same = new int[rank];
      Arrays.setAll(same, axis -> axis);
      return same;
    }
    Node node = context.graph().producer(value);
    if (isConstant(value) || node == null) {
      return new int[0];
    }
    if (!LAYOUT.contains(node.op())) {
      int[] merged = new int[0];
      for (String input : node.inputs()) {
        merged = merge(merged, axes(input, source, rank));
      }
      return merged;
    }
    int[] before = axes(node.input(0), source, rank);
    return before == null ? null : moved(node, before);
  }

  private static int @Nullable [] merge(int @Nullable [] a, int @Nullable [] b) {
    if (a == null || b == null) {
      return null;
    }
    int[] merged = new int[Math.max(a.length, b.length)];
    for (int i = 1; i <= merged.length; i++) {
      int left = i > a.length ? -1 : a[a.length - i];
      int right = i > b.length ? -1 : b[b.length - i];
      if (left >= 0 && right >= 0 && left != right) {
        return null;
      }
      merged[merged.length - i] = Math.max(left, right);
    }
    return merged;
  }

  /** Where the axes are behind a node that moves them and keeps their order. */
  private int @Nullable [] moved(Node node, int[] before) {
    List<Length> dims = context.shapes().dims(node.output(0));
    if (dims == null) {
      return null;
    }
    if (node.is("Expand")) {
      return merge(before, filled(dims.size()));
    }
    if (node.is("Slice")) {
      return dims.equals(context.shapes().dims(node.input(0))) ? before : null;
    }
    int[] kept = Arrays.stream(before).filter(axis -> axis >= 0).toArray();
    int[] after = filled(dims.size());
    int next = 0;
    for (int axis = 0; axis < after.length; axis++) {
      boolean added = dims.get(axis).is(1);
      if (!added || dims.size() == before.length) {
        if (next == kept.length && !added) {
          return null;
        }
        after[axis] = dims.size() == before.length ? before[axis] : kept[next++];
      }
    }
    return dims.size() == before.length || next == kept.length ? after : null;
  }

  private static int[] filled(int count) {
    int[] axes = new int[count];
    Arrays.fill(axes, -1);
    return axes;
  }
}
