package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the shape of what a node makes follows from the shapes of what it takes. Source: the operator
 * specifications of ONNX, and of ONNX Runtime for the domain {@code com.microsoft}.
 */
final class ShapeRules {
  private final SymbolicShapes shapes;

  ShapeRules(SymbolicShapes shapes) {
    this.shapes = shapes;
  }

  /** The shape of one output, or null if there is no rule or too little is known. */
  @Nullable List<Length> of(Node node, int output) {
    if (!node.domain().isEmpty() && !node.domain().equals("com.microsoft")) {
      return null;
    }
    return switch (node.op()) {
      case "Split" -> split(node, output);
      case "SkipLayerNormalization" -> output == 0 || output == 3 ? like(node) : null;
      default -> output == 0 ? first(node) : null;
    };
  }

  private @Nullable List<Length> first(Node node) {
    return switch (node.op()) {
      case "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Mod",
          "And",
          "Or",
          "Xor",
          "Equal",
          "Greater",
          "Less",
          "GreaterOrEqual",
          "LessOrEqual",
          "Where",
          "Min",
          "Max",
          "PRelu" ->
          broadcast(node);
      case "MatMul" -> matMul(node);
      case "Gemm" -> gemm(node);
      case "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool" -> conv(node);
      case "Gather" -> gather(node);
      case "Transpose" -> transpose(node);
      case "Reshape" -> reshape(node);
      case "Flatten" -> SymbolicShapes.unknown(node.output(0), 2);
      case "Unsqueeze" -> unsqueeze(node);
      case "Squeeze" -> squeeze(node);
      case "Concat" -> concat(node);
      case "Slice" -> slice(node);
      case "Expand" -> expand(node);
      case "ConstantOfShape" -> shapes.elements(node.input(0));
      case "Shape" -> shape(node);
      case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin" -> reduce(node);
      default -> KEEPING.contains(node.op()) ? like(node) : null;
    };
  }

  /** What makes a value of the shape of its first input. */
  private static final Set<String> KEEPING =
      Set.of(
          """
          Identity Cast Relu Gelu Erf Tanh Sigmoid Softmax Sqrt Neg Not IsNaN
          LayerNormalization BatchNormalization Dropout Clip LeakyRelu Exp Log Reciprocal
          HardSigmoid HardSwish Elu Trilu CumSum Round Abs Floor Ceil Sign BiasGelu FastGelu
          QuickGelu CastLike QuantizeLinear DequantizeLinear Sin Cos Softplus Mish"""
              .strip()
              .split("\\s+"));

  private @Nullable List<Length> like(Node node) {
    return shapes.dims(node.input(0));
  }

  private @Nullable List<Length> broadcast(Node node) {
    if (node.attribute("broadcast") != null) { // before version 7, to the shape of the first
      return like(node);
    }
    List<Length> result = List.of();
    for (String input : node.inputs()) {
      List<Length> dims = shapes.dims(input);
      if (dims == null) {
        return null;
      }
      result = Broadcasting.of(node.output(0), result, dims);
    }
    return result;
  }

  private @Nullable List<Length> matMul(Node node) {
    List<Length> a = shapes.dims(node.input(0));
    List<Length> b = shapes.dims(node.input(1));
    if (a == null || b == null || a.size() < 2 || b.size() < 2) {
      return null;
    }
    List<Length> outer = a.subList(0, a.size() - 2);
    List<Length> result =
        new ArrayList<>(Broadcasting.of(node.output(0), outer, b.subList(0, b.size() - 2)));
    result.add(a.get(a.size() - 2));
    result.add(b.get(b.size() - 1));
    return result;
  }

  private @Nullable List<Length> gemm(Node node) {
    List<Length> a = shapes.dims(node.input(0));
    List<Length> b = shapes.dims(node.input(1));
    if (a == null || b == null || a.size() != 2 || b.size() != 2) {
      return null;
    }
    return List.of(
        a.get(node.longAttribute("transA", 0) == 0 ? 0 : 1),
        b.get(node.longAttribute("transB", 0) == 0 ? 1 : 0));
  }

  private @Nullable List<Length> shape(Node node) {
    List<Length> elements = shapes.elements(node.output(0));
    return elements == null ? null : List.of(Length.of(elements.size()));
  }

  private @Nullable List<Length> conv(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    if (in == null || in.size() < 2) {
      return null;
    }
    List<Length> weight = node.hasInput(1) ? shapes.dims(node.input(1)) : null;
    List<Length> result = new ArrayList<>(SymbolicShapes.unknown(node.output(0), in.size()));
    result.set(0, in.get(0));
    if (node.op().endsWith("Pool")) {
      result.set(1, in.get(1));
    } else if (node.is("Conv") && weight != null) {
      result.set(1, weight.get(0));
    }
    return result;
  }

  private @Nullable List<Length> gather(Node node) {
    List<Length> data = shapes.dims(node.input(0));
    List<Length> indices = shapes.dims(node.input(1));
    if (data == null || indices == null || data.isEmpty()) {
      return null;
    }
    int axis = axis(node.longAttribute("axis", 0), data.size());
    List<Length> result = new ArrayList<>(data.subList(0, axis));
    result.addAll(indices);
    result.addAll(data.subList(axis + 1, data.size()));
    return result;
  }

  private static int axis(long axis, int rank) {
    return (int) Math.max(0, Math.min(rank - 1, axis < 0 ? axis + rank : axis));
  }

  private @Nullable List<Length> transpose(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    Attribute perm = node.attribute("perm");
    if (in == null || perm == null || perm.kind() != Attribute.Kind.INTS) {
      return null;
    }
    long[] order = perm.asLongs();
    if (order.length != in.size()) {
      return null;
    }
    List<Length> result = new ArrayList<>();
    for (long from : order) {
      result.add(in.get(axis(from, in.size())));
    }
    return result;
  }

  private @Nullable List<Length> reshape(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    List<Length> target = shapes.elements(node.input(1));
    if (target == null) {
      long rank = count(node.input(1));
      return rank < 0 ? null : SymbolicShapes.unknown(node.output(0), rank);
    }
    return new ReshapeRule(node, in, target).dims();
  }

  /** How many elements a list has, or -1 if that is not known. */
  private long count(String list) {
    List<Length> dims = shapes.dims(list);
    return dims != null && dims.size() == 1 && dims.get(0).isKnown() ? dims.get(0).number() : -1;
  }

  private @Nullable List<Length> unsqueeze(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    long[] axes = shapes.parameter(node, "axes", 1);
    if (in == null || axes == null) {
      return null;
    }
    int rank = in.size() + axes.length;
    int[] added = Arrays.stream(axes).mapToInt(axis -> axis(axis, rank)).sorted().toArray();
    List<Length> result = new ArrayList<>(in);
    for (int axis : added) {
      result.add(Math.min(axis, result.size()), Length.of(1));
    }
    return result;
  }

  private @Nullable List<Length> squeeze(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    long[] axes = shapes.parameter(node, "axes", 1);
    if (in == null || axes == null) {
      return null;
    }
    int[] removed = Arrays.stream(axes).mapToInt(axis -> axis(axis, in.size())).sorted().toArray();
    if (in.isEmpty() || Arrays.stream(removed).distinct().count() < removed.length) {
      return removed.length == 0 ? in : null;
    }
    List<Length> result = new ArrayList<>(in);
    for (int i = removed.length - 1; i >= 0; i--) {
      result.remove(removed[i]);
    }
    return result;
  }

  private @Nullable List<Length> concat(Node node) {
    List<Length> result = null;
    for (String input : node.inputs()) {
      List<Length> dims = shapes.dims(input);
      if (dims == null || dims.isEmpty()) {
        return null;
      }
      int axis = axis(node.longAttribute("axis", 0), dims.size());
      result = result == null ? new ArrayList<>(dims) : joined(result, dims, axis, node.output(0));
    }
    return result;
  }

  private static List<Length> joined(List<Length> a, List<Length> b, int axis, String value) {
    List<Length> result = new ArrayList<>(a);
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      Length left = a.get(i);
      Length right = b.get(i);
      if (i == axis) {
        boolean known = left.isKnown() && right.isKnown();
        Length sum = Length.of(left.number() + right.number());
        result.set(i, known ? sum : SymbolicShapes.own(value, i));
      } else if (right.isKnown()) {
        result.set(i, right);
      }
    }
    return result;
  }

  private @Nullable List<Length> slice(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    return in == null ? null : new SliceRule(shapes, node, in).dims();
  }

  private @Nullable List<Length> expand(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    List<Length> target = shapes.elements(node.input(1));
    if (in == null) {
      return null;
    }
    if (target != null) {
      return Broadcasting.of(node.output(0), in, target);
    }
    long count = count(node.input(1));
    if (count < 0) {
      return null;
    }
    long rank = Math.max(in.size(), count);
    return Broadcasting.of(node.output(0), in, SymbolicShapes.unknown(node.output(0), rank));
  }

  private @Nullable List<Length> split(Node node, int output) {
    List<Length> in = shapes.dims(node.input(0));
    if (in == null || in.isEmpty()) {
      return null;
    }
    int axis = axis(node.longAttribute("axis", 0), in.size());
    long[] parts = shapes.parameter(node, "split", 1);
    boolean equal = node.attribute("split") == null && !node.hasInput(1);
    int count = node.outputs().size();
    List<Length> result = new ArrayList<>(in);
    if (parts != null && parts.length == count) {
      result.set(axis, Length.of(parts[output]));
    } else if (equal && in.get(axis).isKnown() && in.get(axis).number() % count == 0) {
      result.set(axis, Length.of(in.get(axis).number() / count));
    } else {
      result.set(axis, SymbolicShapes.own(node.output(output), axis));
    }
    return result;
  }

  private @Nullable List<Length> reduce(Node node) {
    List<Length> in = shapes.dims(node.input(0));
    long[] axes = shapes.parameter(node, "axes", 1);
    if (in == null || axes == null || node.longAttribute("keepdims", 1) != 1) {
      return null;
    }
    if (axes.length == 0 && node.longAttribute("noop_with_empty_axes", 0) == 0) {
      return Collections.nCopies(in.size(), Length.of(1));
    }
    if (in.isEmpty() && axes.length > 0) {
      return null;
    }
    List<Length> result = new ArrayList<>(in);
    for (long axis : axes) {
      result.set(axis(axis, in.size()), Length.of(1));
    }
    return result;
  }
}
