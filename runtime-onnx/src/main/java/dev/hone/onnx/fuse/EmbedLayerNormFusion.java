package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings of a text and their normalization in one pass: {@code layerNorm(words[ids] +
 * types[t] + positions[p])} becomes {@code EmbedLayerNormalization}. Types may be missing.
 *
 * <p>Only on request: it touches a small part of the run time, and tables inside it cannot be
 * stored in 8 bits row by row, which makes most of a small model's file.
 */
final class EmbedLayerNormFusion {

  private static final Pattern WORDS = row("words", "ids");
  private static final Pattern TYPES = row("types", "typeIds");
  private static final Pattern POSITIONS = row("positions", "positionIds");

  private static final Pattern SUM =
      oneOf(
          op("Add", op("Add", WORDS, TYPES), POSITIONS),
          op("Add", op("Add", WORDS, POSITIONS), TYPES),
          op("Add", WORDS, op("Add", TYPES, POSITIONS)),
          op("Add", WORDS, POSITIONS));

  private static final Pattern NORMALIZED =
      op(
              "LayerNormalization",
              EmbedLayerNormFusion::isOverLastAxis,
              SUM,
              weight("gamma", 1),
              weight("beta", 1))
          .as("norm");

  private EmbedLayerNormFusion() {}

  static void apply(Context context) {
    context.rewrite("LayerNormalization", NORMALIZED, EmbedLayerNormFusion::fused);
  }

  private static Pattern row(String table, String index) {
    return op("Gather", EmbedLayerNormFusion::isOfRows, weight(table, 2), any(index));
  }

  private static boolean isOverLastAxis(Node norm, Context context) {
    return context.isLastAxis(norm.longAttribute("axis", -1), norm.input(0))
        && norm.outputs().size() == 1;
  }

  private static boolean isOfRows(Node gather, Context context) {
    return gather.longAttribute("axis", 0) == 0;
  }

  private static @Nullable Node fused(Match match) {
    Context context = match.context();
    List<Length> tokens = context.dims(match.value("ids"), 2);
    List<Length> types = context.dims(match.value("typeIds"), 2);
    List<Length> positions = context.dims(match.value("positionIds"), 2);
    boolean typesFit = !match.has("typeIds") || Objects.equals(types, tokens);
    if (tokens == null || positions == null || !typesFit || !areOneWidth(match)) {
      return null;
    }
    boolean oneRow = positions.get(0).is(1) && positions.get(1).equals(tokens.get(1));
    return oneRow || positions.equals(tokens) ? node(match) : null;
  }

  private static boolean areOneWidth(Match match) {
    long width = match.constant("gamma").shape().length(0);
    return Stream.of("words", "types", "positions")
        .filter(match::has)
        .allMatch(table -> match.constant(table).shape().length(1) == width);
  }

  private static Node node(Match match) {
    Context context = match.context();
    Node norm = Objects.requireNonNull(match.graph().producer(match.value("norm")));
    List<String> inputs = new ArrayList<>();
    inputs.add(integers(match, "ids", norm));
    inputs.add(match.has("typeIds") ? integers(match, "typeIds", norm) : "");
    for (String weight : List.of("words", "positions", "types", "gamma", "beta")) {
      inputs.add(match.value(weight));
    }
    inputs.add("");
    inputs.add(integers(match, "positionIds", norm));
    String unused = context.graph().uniqueName("fused_unused_mask");
    List<String> outputs = List.of(norm.output(0), unused);
    Attribute epsilon = Attribute.of("epsilon", norm.floatAttribute("epsilon", 1e-5f));
    return Node.of(Context.MICROSOFT, "EmbedLayerNormalization", inputs, outputs, epsilon);
  }

  /** The operator takes 32-bit integers. */
  private static String integers(Match match, String name, Node before) {
    Graph graph = match.graph();
    String value = graph.uniqueName("fused_" + name);
    Node cast = Cast.of(match.value(name), value, DataType.INT32);
    graph.insertBefore(before, cast.named(value));
    return value;
  }
}
