package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The three projections of an attention as one: with {@code W = [Wq | Wk | Wv]} side by side and
 * {@code b = [bq | bk | bv]} behind each other, {@code x·W + b} holds queries, keys and values. One
 * large product is faster than three, and its input is quantized once.
 */
final class Projections {
  private static final String[] NAMES = {"q", "k", "v"};

  private final Match match;
  private final int rows;

  private Projections(Match match) {
    this.match = match;
    this.rows = (int) match.constant("q.weight").shape().length(0);
  }

  /** The projections of a match, or null if they are not of one input. */
  static @Nullable Projections of(Match match) {
    String input = match.value("q.input");
    boolean shared =
        !input.isEmpty()
            && input.equals(match.value("k.input"))
            && input.equals(match.value("v.input"));
    return shared ? new Projections(match) : null;
  }

  /** What is projected. */
  String input() {
    return match.value("q.input");
  }

  private static int columns(TensorData weight) {
    return (int) weight.shape().length(1);
  }

  private int allColumns() {
    int columns = 0;
    for (String name : NAMES) {
      columns += columns(match.constant(name + ".weight"));
    }
    return columns;
  }

  /** The weights side by side; gives the name of the new initializer. */
  String addWeight(String hint) {
    int columns = allColumns();
    ByteBuffer merged = TensorData.littleEndian((long) rows * columns * Float.BYTES);
    int at = 0;
    for (String name : NAMES) {
      TensorData weight = match.constant(name + ".weight");
      int width = columns(weight) * Float.BYTES;
      ByteBuffer bytes = weight.bytes();
      for (int row = 0; row < rows; row++) {
        merged.put(row * columns * Float.BYTES + at, bytes, row * width, width);
      }
      at += width;
    }
    return add(hint, merged, Shape.of(rows, columns));
  }

  /** The biases behind each other, zeros where there is none; gives the new initializer's name. */
  String addBias(String hint) {
    int columns = allColumns();
    ByteBuffer merged = TensorData.littleEndian((long) columns * Float.BYTES);
    for (String name : NAMES) {
      TensorData bias = match.constantOrNull(name + ".bias");
      int width = columns(match.constant(name + ".weight")) * Float.BYTES;
      if (bias != null) {
        merged.put(bias.bytes());
      } else {
        merged.position(merged.position() + width);
      }
    }
    return add(hint, merged.flip(), Shape.of(columns));
  }

  private String add(String hint, ByteBuffer bytes, Shape shape) {
    TensorData data = TensorData.of("", DataType.FLOAT32, shape, bytes);
    return match.graph().addInitializer(hint, data);
  }
}
