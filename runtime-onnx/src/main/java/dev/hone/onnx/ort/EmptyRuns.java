package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.InputCheck;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs that have nothing to compute, for models whose kernels cannot be asked to.
 *
 * <p>Some kernels of ONNX Runtime divide by a number of rows, or share none among threads, and
 * where there is none that ends the process: no exception, no answer. Which ones was found by
 * trying 140 operators of version 1.24.1 with dimensions of length 0. A model that has one of them
 * is not run on inputs without rows. Where it promises outputs without elements these are the
 * answer; otherwise the call is refused. All other models are run, whatever they are given.
 * Thread-safe.
 *
 * <p>What becomes empty on the way, between nodes, cannot be seen from here. All that can be done
 * is to say {@linkplain #inside which models} it may happen to.
 */
final class EmptyRuns {
  /** They fail where any dimension of their input is 0. */
  private static final Set<String> RECURRENT = Set.of("LSTM", "GRU", "DynamicQuantizeLSTM");

  /** They fail without rows; a decoder's first step has rows, and an empty past beside them. */
  private static final Set<String> OTHERS =
      Set.of(
          "DFT",
          "Einsum",
          "GroupQueryAttention",
          "LpNormalization",
          "MultiHeadAttention",
          "OneHot",
          "QAttention",
          "SoftmaxCrossEntropyLoss",
          "TopK");

  /** What finds nothing in some inputs, and then gives tensors of length 0. */
  private static final Set<String> FINDERS = Set.of("Compress", "NonMaxSuppression", "NonZero");

  private final Signature signature;
  private final InputCheck check;
  private final Supplier<List<SessionReport.Node>> nodes;
  private final String version;
  private volatile @Nullable Culprits culprits;

  /** Nodes that fail, or null for none. */
  private record Culprits(
      SessionReport.@Nullable Node recurrent, SessionReport.@Nullable Node other) {}

  /**
   * For the runs of one model.
   *
   * @param nodes what ONNX Runtime made of the model; asked once, when a run has an empty input
   * @param version that of ONNX Runtime, for messages
   */
  EmptyRuns(
      Signature signature,
      InputCheck check,
      Supplier<List<SessionReport.Node>> nodes,
      String version) {
    this.signature = signature;
    this.check = check;
    this.nodes = nodes;
    this.version = version;
  }

  /** The node that would end the process if the model were run on these inputs; null for none. */
  SessionReport.@Nullable Node culprit(Batch in) {
    return emptyInput(in) < 0 ? null : culpritOfEmpty(in);
  }

  private static int emptyInput(Batch in) {
    for (int i = 0; i < in.size(); i++) {
      if (in.tensor(i).shape().elementCount() == 0) {
        return i;
      }
    }
    return -1;
  }

  private SessionReport.@Nullable Node culpritOfEmpty(Batch in) {
    Culprits known = culprits;
    if (known == null) {
      List<SessionReport.Node> all = nodes.get();
      known = new Culprits(first(all, RECURRENT), first(all, OTHERS));
      culprits = known;
    }
    return known.recurrent == null && hasNoRows(in) ? known.other : known.recurrent;
  }

  private static SessionReport.@Nullable Node first(
      List<SessionReport.Node> nodes, Set<String> operators) {
    return nodes.stream()
        .filter(node -> operators.contains(nameOf(node.operator())))
        .findFirst()
        .orElse(null);
  }

  /** Without its domain. */
  private static String nameOf(String operator) {
    return operator.substring(operator.lastIndexOf('.') + 1);
  }

  /**
   * What is to be said of a model in which a node may find nothing, and another cannot be given
   * that; empty where there are not both.
   *
   * @param version that of ONNX Runtime
   */
  static Optional<String> inside(List<SessionReport.Node> nodes, String version) {
    SessionReport.Node finder = first(nodes, FINDERS);
    SessionReport.Node recurrent = first(nodes, RECURRENT);
    SessionReport.Node culprit = recurrent == null ? first(nodes, OTHERS) : recurrent;
    return finder == null || culprit == null
        ? Optional.empty()
        : Optional.of(
            "Where the "
                + text(finder)
                + " finds nothing, and what it gives reaches the "
                + text(culprit)
                + ", ONNX Runtime "
                + version
                + " may end the process: try such an input in a process of its own before you rely"
                + " on it.");
  }

  private static String text(SessionReport.Node node) {
    return node.operator() + " '" + node.name() + "'";
  }

  private static boolean hasNoRows(Batch in) {
    boolean allEmpty = true;
    for (int i = 0; i < in.size(); i++) {
      Shape shape = in.tensor(i).shape();
      if (shape.rows() == 0) {
        return true;
      }
      allEmpty &= shape.elementCount() == 0;
    }
    return allEmpty;
  }

  /**
   * The answer without a run.
   *
   * @param symbols the lengths of the model's symbolic dimensions in this run
   * @param chosen the outputs' numbers in the signature
   * @throws IllegalArgumentException if one of them has elements, or nobody knows its shape
   */
  Batch answer(Batch in, SessionReport.Node culprit, long[] symbols, int[] chosen) {
    List<String> names = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>();
    List<DataType> types = new ArrayList<>();
    for (int number : chosen) {
      Signature.Value output = signature.outputs().get(number);
      Shape shape = check.outputShape(number, symbols);
      DataType type = output.type();
      boolean known = output.kind() == Signature.Kind.TENSOR && !output.optional();
      if (!known || type == null || shape == null || shape.elementCount() != 0) {
        throw refused(in, culprit);
      }
      names.add(output.name());
      shapes.add(shape);
      types.add(type);
    }
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      tensors.add(Tensor.allocate(types.get(i), shapes.get(i)));
    }
    return Batch.of(names, tensors);
  }

  /**
   * Leaves tensors for outputs as they are, which is all there is to do.
   *
   * @throws IllegalArgumentException if one of them has elements
   */
  void answerInto(Batch in, SessionReport.Node culprit, Batch out) {
    for (int i = 0; i < out.size(); i++) {
      if (out.tensor(i).shape().elementCount() != 0) {
        throw refused(in, culprit);
      }
    }
  }

  private IllegalArgumentException refused(Batch in, SessionReport.Node culprit) {
    int empty = emptyInput(in);
    return new IllegalArgumentException(
        "The input "
            + in.name(empty)
            + " "
            + in.tensor(empty)
            + " has no elements, but the model has a "
            + culprit.operator()
            + ", '"
            + culprit.name()
            + "', and ONNX Runtime "
            + version
            + " ends the process where that has nothing to compute. What the outputs would be is not"
            + " known without. Leave calls without rows out.");
  }
}
