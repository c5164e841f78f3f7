package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The three projections of an attention as one: with {@code W = [Wq | Wk | Wv]} side by side and
 * {@code b = [bq | bk | bv]} behind each other, {@code x·W + b} holds queries, keys and values. One
 * large product is faster than three, and its input is quantized once. Where the model has them
 * merged already they are used as they are.
 */
final class Projections {
  private static final List<String> NAMES = List.of("q", "k", "v");

  private final Match match;
  private final List<Columns> parts = new ArrayList<>();

  /** Some columns of a weight, and those of its bias if there is one. */
  private record Columns(TensorData weight, @Nullable TensorData bias, int from, int count) {}

  private Projections(Match match) {
    this.match = match;
    for (String name : NAMES) {
      TensorData weight = match.constant(name + ".weight");
      int all = (int) weight.shape().length(1);
      int part = (int) match.number(name + ".part", -1);
      int count = part < 0 ? all : all / 3;
      TensorData bias = match.constantOrNull(name + ".bias");
      parts.add(new Columns(weight, bias, Math.max(part, 0) * count, count));
    }
  }

  /** The projections of a match, or null if they are not of one input. */
  static @Nullable Projections of(Match match) {
    String input = match.value("q.input");
    boolean shared =
        !input.isEmpty()
            && input.equals(match.value("k.input"))
            && input.equals(match.value("v.input"))
            && NAMES.stream().allMatch(name -> match.number(name + ".part", 0) <= 2);
    return shared ? new Projections(match) : null;
  }

  /** What is projected. */
  String input() {
    return match.value("q.input");
  }

  private boolean areMerged() {
    boolean inOrder = true;
    for (int i = 0; i < NAMES.size(); i++) {
      inOrder &= match.number(NAMES.get(i) + ".part", -1) == i;
    }
    return inOrder
        && match.value("q.weight").equals(match.value("k.weight"))
        && match.value("q.weight").equals(match.value("v.weight"));
  }

  /** The weights side by side; gives the name of an initializer. */
  String weight(String hint) {
    if (areMerged()) {
      return match.value("q.weight");
    }
    int rows = (int) parts.get(0).weight().shape().length(0);
    int columns = parts.stream().mapToInt(Columns::count).sum();
    ByteBuffer merged = TensorData.littleEndian((long) rows * columns * Float.BYTES);
    List<ByteBuffer> weights = parts.stream().map(part -> part.weight().bytes()).toList();
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < parts.size(); i++) {
        Columns part = parts.get(i);
        int all = (int) part.weight().shape().length(1);
        put(merged, weights.get(i), row * all + part.from(), part.count());
      }
    }
    return add(hint, merged.flip(), Shape.of(rows, columns));
  }

  /** The biases behind each other, zeros where there is none; gives the initializer's name. */
  String bias(String hint) {
    if (areMerged() && match.has("q.bias")) {
      return match.value("q.bias");
    }
    int columns = parts.stream().mapToInt(Columns::count).sum();
    ByteBuffer merged = TensorData.littleEndian((long) columns * Float.BYTES);
    for (Columns part : parts) {
      if (part.bias() != null) {
        put(merged, part.bias().bytes(), part.from(), part.count());
      } else {
        merged.position(merged.position() + part.count() * Float.BYTES);
      }
    }
    return add(hint, merged.flip(), Shape.of(columns));
  }

  private static void put(ByteBuffer to, ByteBuffer from, int firstFloat, int count) {
    to.put(from.slice(firstFloat * Float.BYTES, count * Float.BYTES));
  }

  private String add(String hint, ByteBuffer bytes, Shape shape) {
    TensorData data = TensorData.of("", DataType.FLOAT32, shape, bytes);
    return match.graph().addInitializer(hint, data);
  }
}
