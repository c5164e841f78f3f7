package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stores embedding tables in eight bits, each row with a scale of its own.
 *
 * <p>A table of words is often half of a model, and only few of its rows are read in a run. Row r
 * is stored as {@code q = round(x / s_r)}, {@code s_r = max|x| / 127}, so no element is off by more
 * than {@code s_r / 2}, and a word with one large element spoils no other word: about 42 dB for
 * rows of 384 normal weights. One scale for the whole table, as Python's tool writes, is set by the
 * largest element of all words.
 *
 * <p>{@code y = Gather(table, ids)} becomes
 *
 * <pre>
 *   y = Mul(Cast(Gather(codes, ids)), Gather(scales, ids))
 * </pre>
 *
 * Standard operators, because ONNX Runtime 1.24's {@code GatherBlockQuantized} goes element by
 * element and takes about ten times as long, while these take no longer than the float table did on
 * batches and a few microseconds more on one short text. Ids outside the table are still refused,
 * and negative ones still count from the end.
 *
 * <p>Scales are stored in half precision, and cast, where none is too small or too large for it.
 * Codes are rounded with the scale as it is stored, so the bound above holds: the largest element
 * of a row, whose code may be cut by a scale that was rounded down, is off by {@code 127 · 2^-11
 * s_r} at most.
 *
 * <p>Left alone are small tables, and tables that something other than a {@code Gather} along the
 * rows uses too: the floats would have to stay beside the codes. Run it after the passes that
 * quantize matrix products, which may have freed a table that both ends of a model share.
 */
public final class EmbeddingRows {
  /** Tables with fewer elements stay as they are: there is nothing to save. */
  private static final int LEAST_ELEMENTS = 4096;

  /** Shorter rows stay as they are: their scales would cost too much. */
  private static final int LEAST_COLUMNS = 16;

  private static final Grid GRID = Grid.INT8_SYMMETRIC;

  private EmbeddingRows() {}

  /**
   * Changes the tables of a model, in place.
   *
   * @param excludedNodes nodes that stay as they are, by name, or by first output if nameless
   * @return one choice for each {@code Gather} from a constant table of floats
   */
  public static List<NodeChoice> apply(ModelData model, Set<String> excludedNodes) {
    Graph graph = model.graph();
    List<NodeChoice> choices = new ArrayList<>();
    Map<String, Stored> stored = new LinkedHashMap<>();
    for (Node node : graph.nodes("Gather")) {
      ConstantMatrix table = ConstantMatrix.find(graph, node.input(0));
      if (table == null) {
        if (ConstantMatrix.isTooLarge(graph, node.input(0))) {
          choices.add(
              NodeChoice.left(
                  NodeChoice.nameOf(node),
                  node.op(),
                  "Its table has 2 GiB or more: export it in several tables."));
        }
        continue;
      }
      String why = whyNot(model, node, table, excludedNodes);
      if (why != null) {
        choices.add(NodeChoice.left(NodeChoice.nameOf(node), node.op(), why));
        continue;
      }
      Stored codes = stored.computeIfAbsent(table.key(), key -> store(graph, table));
      replace(graph, node, codes);
      choices.add(
          new NodeChoice(
              NodeChoice.nameOf(node),
              node.op(),
              Form.WEIGHT_INT8,
              "Its table is stored in eight bits with a scale for each row.",
              codes.decibels()));
    }
    if (!stored.isEmpty()) {
      graph.removeDead();
    }
    return choices;
  }

  private static @Nullable String whyNot(
      ModelData model, Node node, ConstantMatrix table, Set<String> excludedNodes) {
    if (excludedNodes.contains(NodeChoice.nameOf(node))) {
      return "It was excluded.";
    }
    if (node.longAttribute("axis", 0) != 0) {
      return "It takes columns from its table, not rows.";
    }
    if ((long) table.rows() * table.columns() < LEAST_ELEMENTS || table.columns() < LEAST_COLUMNS) {
      return "Its table of " + table.rows() + " x " + table.columns() + " is small.";
    }
    if (model.opset() < 7) {
      return "The model's opset " + model.opset() + " has no product of different shapes.";
    }
    if (!table.isFinite()) {
      return "Its table holds infinite elements or NaN.";
    }
    return whyShared(model.graph(), table, excludedNodes);
  }

  /** Whether uses of the table would remain that need its floats. */
  private static @Nullable String whyShared(
      Graph graph, ConstantMatrix table, Set<String> excludedNodes) {
    List<Node> users = table.users(graph);
    if (users == null) {
      return "Its table is also an output.";
    }
    for (Node user : users) {
      boolean looksUp = user.is("Gather") && user.longAttribute("axis", 0) == 0;
      if (!looksUp || excludedNodes.contains(NodeChoice.nameOf(user))) {
        return "Its table is also used by " + user.label() + ", which needs the floats.";
      }
    }
    return null;
  }

  /** A table as it was stored: the names of its initializers, and what the rounding cost. */
  private record Stored(String codes, String scales, boolean half, double decibels) {}

  private static Stored store(Graph graph, ConstantMatrix table) {
    int rows = table.rows();
    int columns = table.columns();
    float[] row = new float[columns];
    float[] wanted = new float[rows];
    for (int r = 0; r < rows; r++) {
      table.read(r, row);
      wanted[r] = Affine.around0(row, GRID).scale();
    }
    TensorData scales = scales(wanted);
    ByteBuffer codes = TensorData.littleEndian((long) rows * columns);
    SignalToNoise quality = new SignalToNoise();
    byte[] quantized = new byte[columns];
    for (int r = 0; r < rows; r++) {
      table.read(r, row);
      Affine affine = new Affine(wanted[r], 0, GRID);
      for (int i = 0; i < columns; i++) {
        quantized[i] = (byte) affine.quantize(row[i]);
        quality.add(row[i], affine.dequantize(quantized[i]));
      }
      codes.put(r * columns, quantized);
    }
    TensorData bytes = TensorData.of("", DataType.INT8, Shape.of(rows, columns), codes);
    return new Stored(
        graph.addInitializer(table.name() + "_codes", bytes),
        graph.addInitializer(table.name() + "_scales", scales),
        scales.type() == DataType.FLOAT16,
        quality.decibels());
  }

  /**
   * The scales as they are stored: in half precision if no scale loses more than its last bits by
   * it. What they were rounded to is put back.
   */
  private static TensorData scales(float[] wanted) {
    boolean fit = true;
    for (float scale : wanted) {
      fit &= scale >= Halves.LEAST_NORMAL && scale <= Halves.GREATEST;
    }
    Shape shape = Shape.of(wanted.length, 1);
    if (!fit) {
      return TensorData.ofFloats("", shape, wanted);
    }
    ByteBuffer halves = TensorData.littleEndian((long) wanted.length * Short.BYTES);
    System.arraycopy(Halves.store(wanted, halves, 0), 0, wanted, 0, wanted.length);
    return TensorData.of("", DataType.FLOAT16, shape, halves);
  }

  private static void replace(Graph graph, Node node, Stored stored) {
    String output = node.output(0);
    String ids = node.input(1);
    String codes = graph.uniqueName(output + "_codes");
    String scale = graph.uniqueName(output + "_scale");
    Attribute rows = Attribute.of("axis", 0L);
    graph.insertBefore(
        node,
        Node.of("Gather", List.of(stored.codes(), ids), List.of(codes), rows).named(node.name()),
        Node.of("Gather", List.of(stored.scales(), ids), List.of(scale), rows));
    List<String> factors =
        List.of(floats(graph, node, codes), stored.half() ? floats(graph, node, scale) : scale);
    graph.replace(node, Node.of("Mul", factors, List.of(output)));
  }

  private static String floats(Graph graph, Node before, String value) {
    String floats = graph.uniqueName(value + "_floats");
    graph.insertBefore(before, Cast.of(value, floats, DataType.FLOAT32));
    return floats;
  }
}
