package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Brings masks into the form that attention nodes take: integers with a row for each row of the
 * batch (right for padding on either side), or for each query. A mask that cannot be read so, say a
 * bias that depends on the distance of positions, goes in as the bias that is added to the scores.
 * Each mask is made once and shared by all layers.
 */
final class Masks {
  /** A replaced score must be as good as gone. */
  private static final double LEAST_FILTER = -1000;

  /**
   * How a mask enters an attention node.
   *
   * @param mask the integers; empty if there are none
   * @param bias what is added to the scores; empty if nothing is
   * @param filter what is added where the integers are 0
   */
  record Entry(String mask, String bias, float filter) {
    static final Entry NO_MASK = new Entry("", "", 0);
  }

  private final Context context;
  private final MaskReader reader;
  private final Map<List<Object>, String> made = new HashMap<>();

  Masks(Context context) {
    this.context = context;
    this.reader = new MaskReader(context);
  }

  /**
   * Brings in the mask of a match.
   *
   * @param before the node before which new nodes go
   * @return null if it cannot be
   */
  @Nullable Entry of(Match match, Node before) {
    boolean added = match.has("addedMask");
    boolean hides = match.has("hidden");
    if (!added && !hides && !match.has("shown")) {
      return Entry.NO_MASK;
    }
    String mask = unexpanded(match.value(added ? "addedMask" : hides ? "hidden" : "shown"));
    double filter = match.number("fill", 0);
    if (!added && filter > LEAST_FILTER) {
      return null;
    }
    MaskForm form = added ? reader.added(mask) : reader.chosen(mask, hides, filter);
    if (form != null && fits(form, match)) {
      return integers(form, before);
    }
    if (match.leadsTo(mask)) {
      return null;
    }
    String bias = added ? mask : added(mask, hides, (float) filter, before);
    return new Entry("", expanded(bias, match, before), 0);
  }

  /** The mask before it was spread over queries and heads, which adding it does anyhow. */
  private String unexpanded(String mask) {
    Node producer = context.graph().producer(mask);
    return producer != null && producer.is("Expand") ? unexpanded(producer.input(0)) : mask;
  }

  /** Whether a mask has a row for each row of the batch; one row for all is not enough. */
  private boolean fits(MaskForm form, Match match) {
    List<Length> mask = context.shapes().dims(form.source());
    List<Length> queries = context.shapes().dims(source(match, "q"));
    boolean oneRow = mask != null && mask.get(0).is(1);
    return !oneRow || (queries != null && queries.get(0).is(1));
  }

  private Entry integers(MaskForm form, Node before) {
    String mask =
        made.computeIfAbsent(
            List.of(form.source(), form.onesStay()), key -> makeIntegers(form, before));
    return new Entry(mask, "", form.filter());
  }

  private String makeIntegers(MaskForm form, Node before) {
    String value = form.source();
    if (form.layout().squeezed().length > 0) {
      value = add(squeeze(value, form.layout().squeezed()), before);
    }
    if (!form.onesStay()) {
      Node truth = Node.of("Cast", List.of(value), List.of(), Cast.to(DataType.BOOL));
      value = add(Node.of("Not", List.of(add(truth, before)), List.of()), before);
    }
    Node cast = Node.of("Cast", List.of(value), List.of(), Cast.to(DataType.INT32));
    return add(cast, before);
  }

  private Node squeeze(String value, long... axes) {
    if (context.opset() < 13) {
      return Node.of("Squeeze", List.of(value), List.of(), Attribute.of("axes", axes));
    }
    return Node.of("Squeeze", List.of(value, constant(axes)), List.of());
  }

  private String constant(long... numbers) {
    TensorData data = TensorData.ofLongs("", Shape.of(numbers.length), numbers);
    return context.graph().addInitializer("fused_axes", data);
  }

  /** A mask of truth values as one that is added. */
  private String added(String mask, boolean hides, float filter, Node before) {
    return made.computeIfAbsent(
        List.of("added", mask, hides, filter),
        key -> {
          Graph graph = context.graph();
          TensorData fill = TensorData.ofFloats("", Shape.scalar(), filter);
          String hidden = graph.addInitializer("fused_filter", fill);
          String zero =
              graph.addInitializer("fused_zero", TensorData.ofFloats("", Shape.scalar(), 0));
          List<String> inputs = hides ? List.of(mask, hidden, zero) : List.of(mask, zero, hidden);
          return add(Node.of("Where", inputs, List.of()), before);
        });
  }

  /** Spread over queries and keys: an attention node lets only batch and heads be 1. */
  private String expanded(String mask, Match match, Node before) {
    String known = made.get(List.of("expanded", mask));
    if (known != null) {
      return known;
    }
    String queries = length(source(match, "q"), before);
    String keys = length(source(match, "k"), before);
    List<String> parts = List.of(constant(1, 1), queries, keys);
    String shape = add(Node.of("Concat", parts, List.of(), Attribute.of("axis", 0L)), before);
    String expanded = add(Node.of("Expand", List.of(mask, shape), List.of()), before);
    made.put(List.of("expanded", mask), expanded);
    return expanded;
  }

  /** What has the positions on its second axis and will still be there. */
  private static String source(Match match, String name) {
    return match.value(name + (match.has(name + ".input") ? ".input" : ".projected"));
  }

  private String length(String value, Node before) {
    String shape = add(Node.of("Shape", List.of(value), List.of()), before);
    return add(Node.of("Gather", List.of(shape, constant(1)), List.of()), before);
  }

  private String add(Node node, Node before) {
    String name = context.graph().uniqueName("fused_" + node.op());
    node.named(name).setOutputs(List.of(name));
    context.graph().insertBefore(before, node);
    return name;
  }
}
