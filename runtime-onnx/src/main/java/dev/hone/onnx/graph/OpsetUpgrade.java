package dev.hone.onnx.graph;

import dev.hone.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Raises the version of the standard operators from 11 or 12 to 13, from which on QuantizeLinear
 * and DequantizeLinear know one scale per channel.
 *
 * <p>Raising the number alone would change models silently. Between 11 and 13 (ONNX, Operator
 * Changelog)
 *
 * <ul>
 *   <li>the axes of Squeeze, Unsqueeze and ReduceSum and the parts of Split became inputs;
 *   <li>Softmax, LogSoftmax and Hardmax, which treated their input as a matrix cut before {@code
 *       axis} (1 by default), now run along {@code axis} alone (-1 by default). Where {@code axis}
 *       is not the last one, the matrix is now made with Flatten and undone with Reshape, which
 *       takes a length of 0 for another: on such an empty tensor the model fails where it did not,
 *       and says so;
 *   <li>the ratio of Dropout became an input, which means nothing outside of training;
 *   <li>empty tensors that stood for "not given" in Resize became inputs left out.
 * </ul>
 *
 * These are rewritten, also in subgraphs. All other operators of version 11 and 12 mean in version
 * 13 what they meant, except for those that {@link #to13} refuses. It is all or nothing.
 */
public final class OpsetUpgrade {
  /** The version that a model has afterwards. */
  public static final long TARGET = 13;

  private static final long OLDEST = 11;

  private static final Set<String> UNCHANGED =
      Set.of(
          lines(
              """
          Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization
          BitShift Cast Ceil Celu Clip Compress Concat ConcatFromSequence Constant ConstantOfShape
          Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Det Div
          DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
          GatherElements GatherND Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
          GreaterOrEqual HardSigmoid Identity If InstanceNormalization IsInf IsNaN LRN LSTM LeakyRelu
          Less LessOrEqual Log Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool
          MaxUnpool Mean MeanVarianceNormalization Min Mod Mul Multinomial Neg
          NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QLinearConv
          QLinearMatMul QuantizeLinear RNN RandomNormal RandomNormalLike RandomUniform
          RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
          ReduceMean ReduceMin ReduceProd ReduceSumSquare Relu Reshape ReverseSequence RoiAlign Round
          Scan ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty
          SequenceErase SequenceInsert SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice
          Softplus Softsign SoftmaxCrossEntropyLoss SpaceToDepth SplitToSequence Sqrt
          StringNormalizer Sub Sum Tan Tanh TfIdfVectorizer ThresholdedRelu Tile TopK Transpose
          Unique Where Xor"""));

  private static final Set<String> REWRITTEN =
      Set.of(
          "Dropout",
          "Hardmax",
          "LogSoftmax",
          "ReduceSum",
          "Resize",
          "Softmax",
          "Split",
          "Squeeze",
          "Unsqueeze");

  private OpsetUpgrade() {}

  private static String[] lines(String text) {
    return text.strip().split("\\s+");
  }

  /**
   * Raises a model to version 13, unless it is there or beyond.
   *
   * @return why the model was left as it is, a sentence for each reason; empty if it has version 13
   *     or newer now
   */
  public static List<String> to13(ModelData model) {
    if (model.opset() >= TARGET) {
      return List.of();
    }
    List<String> obstacles = obstacles(model);
    if (obstacles.isEmpty()) {
      rewrite(model.graph());
      model.importOpset("", TARGET);
    }
    return obstacles;
  }

  private static List<String> obstacles(ModelData model) {
    if (model.opset() < OLDEST) {
      return List.of(
          "The model uses version "
              + model.opset()
              + " of the standard operators, and only versions "
              + OLDEST
              + " and newer can be raised to "
              + TARGET
              + ". Export it again with a newer version.");
    }
    List<String> obstacles = new ArrayList<>();
    if (!model.functions().isEmpty()) {
      obstacles.add("The model defines functions of its own (" + model.functions().get(0) + ").");
    }
    collectObstacles(model.graph(), obstacles);
    return obstacles;
  }

  private static void collectObstacles(Graph graph, List<String> obstacles) {
    for (Node node : graph.nodes()) {
      String obstacle = node.domain().isEmpty() ? obstacle(graph, node) : null;
      if (obstacle != null) {
        obstacles.add(node.label() + " " + obstacle);
      }
      node.subgraphs().forEach(subgraph -> collectObstacles(subgraph, obstacles));
    }
  }

  private static @Nullable String obstacle(Graph graph, Node node) {
    if (!UNCHANGED.contains(node.op()) && !REWRITTEN.contains(node.op())) {
      return "is an operator of which it is not known what it means in version " + TARGET + ".";
    }
    if (node.is("Resize")) {
      return resizeObstacle(graph, node);
    }
    return null;
  }

  private static @Nullable String resizeObstacle(Graph graph, Node node) {
    if (node.stringAttribute("coordinate_transformation_mode", "half_pixel")
        .equals("tf_half_pixel_for_nn")) {
      return "uses tf_half_pixel_for_nn, which version " + TARGET + " does not have.";
    }
    boolean both = node.hasInput(2) && node.hasInput(3);
    if (both && !isEmpty(graph, node.input(2))) {
      return "has sizes and scales of which it is not known that they are empty.";
    }
    return null;
  }

  private static boolean isEmpty(Graph graph, String value) {
    TensorData constant = graph.constant(value);
    return constant != null && constant.byteSize() == 0;
  }

  private static void rewrite(Graph graph) {
    for (Node node : List.copyOf(graph.nodes())) {
      switch (node.domain().isEmpty() ? node.op() : "") {
        case "Squeeze", "Unsqueeze", "ReduceSum" -> longsToInput(graph, node, "axes");
        case "Split" -> longsToInput(graph, node, "split");
        case "Softmax", "LogSoftmax", "Hardmax" -> normalizer(graph, node);
        case "Dropout" -> dropout(graph, node);
        case "Resize" -> resize(graph, node);
        default -> {}
      }
      node.subgraphs().forEach(OpsetUpgrade::rewrite);
    }
  }

  private static void longsToInput(Graph graph, Node node, String attribute) {
    Attribute found = node.attribute(attribute);
    if (found == null) {
      return;
    }
    long[] values = found.asLongs();
    TensorData tensor = TensorData.ofLongs("", Shape.of(values.length), values);
    node.setInput(1, graph.addInitializer(node.output(0) + "_" + attribute, tensor));
    node.removeAttribute(attribute);
  }

  private static void normalizer(Graph graph, Node node) {
    long axis = node.longAttribute("axis", 1);
    if (isLast(graph, node, axis)) {
      node.put(Attribute.of("axis", -1));
      return;
    }
    String input = node.input(0);
    String output = node.output(0);
    String shape = graph.uniqueName(output + "_shape");
    String matrix = graph.uniqueName(output + "_matrix");
    String normalized = graph.uniqueName(output + "_normalized");
    graph.insertBefore(
        node,
        Node.of("Shape", List.of(input), List.of(shape)),
        Node.of("Flatten", List.of(input), List.of(matrix), Attribute.of("axis", axis)));
    node.setInput(0, matrix);
    node.setOutput(0, normalized);
    node.put(Attribute.of("axis", 1));
    graph.insertAfter(node, Node.of("Reshape", List.of(normalized, shape), List.of(output)));
  }

  private static boolean isLast(Graph graph, Node node, long axis) {
    if (axis == -1) {
      return true;
    }
    int rank = Math.max(declaredRank(graph, node.input(0)), declaredRank(graph, node.output(0)));
    return rank > 0 && axis == rank - 1;
  }

  /** The number of dimensions that the model states or a Transpose shows, or 0. */
  private static int declaredRank(Graph graph, String value) {
    ValueInfo info = graph.valueInfo(value);
    if (info != null && info.type().rank().isPresent()) {
      return info.type().rank().getAsInt();
    }
    Node producer = graph.producer(value);
    if (producer == null || !producer.is("Transpose")) {
      return 0;
    }
    return producer.longsAttribute("perm").length;
  }

  private static void dropout(Graph graph, Node node) {
    Attribute ratio = node.attribute("ratio");
    if (ratio != null) {
      TensorData tensor = TensorData.ofFloats("", Shape.scalar(), ratio.asFloat());
      node.setInput(1, graph.addInitializer(node.output(0) + "_ratio", tensor));
      node.removeAttribute("ratio");
    }
  }

  private static void resize(Graph graph, Node node) {
    List<String> inputs = new ArrayList<>(node.inputs());
    for (int i = 1; i < inputs.size(); i++) {
      if (isEmpty(graph, inputs.get(i))) {
        inputs.set(i, "");
      }
    }
    while (inputs.get(inputs.size() - 1).isEmpty()) {
      inputs.remove(inputs.size() - 1);
    }
    node.setInputs(inputs);
  }
}
