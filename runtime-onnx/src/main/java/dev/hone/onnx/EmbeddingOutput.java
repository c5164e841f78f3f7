package dev.hone.onnx;

import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Shape;
import dev.hone.Signature.Kind;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.graph.ValueType;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts the last step of a sentence embedder into its model: the mean of the tokens that the mask
 * names, scaled to length 1. Then a run gives one vector a text instead of one a token.
 *
 * <pre>{@code
 * Model embedder = EmbeddingOutput.of(model, "last_hidden_state", "attention_mask");
 * }</pre>
 *
 * <p>With h the vectors of a text's tokens and m its mask, the embedding is {@code e / max(|e|,
 * 1e-12)} with {@code e = (sum of h where m is not 0) / max(how many there are, 1e-9)}: zeros for a
 * text without tokens, as sentence-transformers has it. What lies under the mask has no influence,
 * not even where it is not finite.
 */
public final class EmbeddingOutput {
  /** The name of the output that takes the place of the tokens' vectors. */
  public static final String NAME = "sentence_embedding";

  private static final long LEAST_OPSET = 9;
  private static final long AXES_ARE_INPUTS = 13;

  private final Graph graph;
  private final boolean axesAreInputs;
  private final List<Node> nodes = new ArrayList<>();

  private EmbeddingOutput(ModelData data) {
    this.graph = data.graph();
    this.axesAreInputs = data.opset() >= AXES_ARE_INPUTS;
  }

  /**
   * The model with that step in it; the one that is given stays as it is.
   *
   * @param model an ONNX model
   * @param tokens its output with the vectors of tokens, {@code FLOAT32} or {@code FLOAT16} of
   *     {@code [texts, tokens, width]}; {@value #NAME}, {@code FLOAT32[texts, width]}, takes its
   *     place
   * @param mask its input {@code [texts, tokens]}, numbers or BOOL, that is not 0 where there is a
   *     token
   * @throws IllegalArgumentException if it is not such a model
   */
  public static Model of(Model model, String tokens, String mask) {
    OnnxModel onnx = OnnxModel.require(model);
    ModelData data = onnx.data().copy();
    data.freeInitializers();
    requireOpset(data);
    requireMask(data, mask);
    ValueInfo output = output(data, tokens);
    new EmbeddingOutput(data).append(output, mask);
    return OnnxModel.of(onnx.name(), data);
  }

  private static ValueInfo output(ModelData data, String tokens) {
    ValueInfo output =
        data.graph().outputs().stream()
            .filter(info -> info.name().equals(tokens))
            .findFirst()
            .orElse(null);
    DataType type = output == null ? null : output.type().type();
    boolean floats = type == DataType.FLOAT32 || type == DataType.FLOAT16;
    if (output == null || !floats || output.type().rank().orElse(3) != 3) {
      throw new IllegalArgumentException(
          "The vectors of tokens must be an output of floats with three dimensions, but '"
              + tokens
              + "' is "
              + (output == null ? "no output" : output.type())
              + ". The model has\n"
              + data.signature());
    }
    return output;
  }

  private static void requireMask(ModelData data, String mask) {
    ValueType type =
        data.graph().inputs().stream()
            .filter(info -> info.name().equals(mask))
            .map(ValueInfo::type)
            .findFirst()
            .orElse(null);
    boolean numbers =
        type != null
            && type.kind() == Kind.TENSOR
            && type.type() != null
            && type.type() != DataType.STRING;
    if (type == null || !numbers || type.rank().orElse(2) != 2) {
      throw new IllegalArgumentException(
          "The mask must be an input of numbers or BOOL with two dimensions, [texts, tokens], but '"
              + mask
              + "' is "
              + (type == null ? "no input" : type)
              + ". Name the input that says where there are tokens, often attention_mask. The model"
              + " has\n"
              + data.signature());
    }
  }

  private static void requireOpset(ModelData data) {
    if (data.opset() < LEAST_OPSET) {
      throw new IllegalArgumentException(
          "The model must be of operator set "
              + LEAST_OPSET
              + " or newer, but is of "
              + data.opset()
              + ". Export it again with a newer one.");
    }
  }

  private void append(ValueInfo output, String mask) {
    String tokens = output.name();
    if (output.type().type() == DataType.FLOAT16) {
      tokens = add("Cast", "tokens", List.of(tokens), Cast.to(DataType.FLOAT32));
    }
    String wanted = add("Cast", "wanted", List.of(mask), Cast.to(DataType.BOOL));
    String column = graph.addInitializer("column", TensorData.ofLongs("", Shape.of(3), 0, 0, 1));
    String each = add("Reshape", "wanted", List.of(wanted, column));
    String kept = add("Where", "kept", List.of(each, tokens, number(0)));
    String ones = add("Cast", "ones", List.of(wanted), Cast.to(DataType.FLOAT32));
    String count = add("Max", "count", List.of(sum(ones, 1), number(1e-9f)));
    String mean = add("Div", "mean", List.of(sum(kept, 0), count));
    String square = add("Mul", "square", List.of(mean, mean));
    String length = add("Sqrt", "length", List.of(sum(square, 1)));
    String divisor = add("Max", "length", List.of(length, number(1e-12f)));
    nodes.add(Node.of("Div", List.of(mean, divisor), List.of(graph.uniqueName(NAME))));
    String embedding = nodes.get(nodes.size() - 1).output(0);
    if (!embedding.equals(NAME)) {
      throw new IllegalArgumentException(
          "The model has a value '" + NAME + "' already; it seems to hold the step.");
    }
    graph.add(nodes.toArray(Node[]::new));
    graph.removeOutput(output.name());
    graph.addOutput(
        ValueInfo.tensor(
            NAME, DataType.FLOAT32, output.type().dimension(0), output.type().dimension(2)));
  }

  private String add(String op, String name, List<String> inputs, Attribute... attributes) {
    String output = graph.uniqueName(name);
    nodes.add(Node.of(op, inputs, List.of(output), attributes));
    return output;
  }

  private String number(float value) {
    return graph.addInitializer("number", TensorData.ofFloats("", Shape.scalar(), value));
  }

  /** The sum over the second dimension, which stays with a length of 1 where it is kept. */
  private String sum(String value, long kept) {
    Attribute keep = Attribute.of("keepdims", kept);
    if (axesAreInputs) {
      String axes = graph.addInitializer("axes", TensorData.ofLongs("", Shape.of(1), 1));
      return add("ReduceSum", "sum", List.of(value, axes), keep);
    }
    return add("ReduceSum", "sum", List.of(value), Attribute.of("axes", new long[] {1}), keep);
  }
}
