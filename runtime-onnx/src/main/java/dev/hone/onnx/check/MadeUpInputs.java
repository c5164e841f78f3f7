package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Inputs that a model accepts, for when nobody brought real ones: enough to see whether two models
 * still agree at all, and how fast they are.
 *
 * <p>Floats are drawn from the normal distribution. Integers are drawn from the rows of the table
 * that they look up, masks are ones, and other integers zeros. The first dimension is the number of
 * rows; lengths that the model leaves open are all the same.
 */
public final class MadeUpInputs {
  private static final int SEED = 20_261_124;
  private static final int ROWS = 8;

  private final ModelData model;
  private final int openLength;
  private final Random random = new Random(SEED);

  private MadeUpInputs(ModelData model, int openLength) {
    this.model = model;
    this.openLength = openLength;
  }

  /**
   * Makes up batches; always the same ones for one model. The caller closes them.
   *
   * @param openLength what lengths that the model leaves open shall be
   * @return the batches; empty if the model takes something that cannot be made up
   */
  public static List<Batch> of(ModelData model, int openLength, int count) {
    MadeUpInputs inputs = new MadeUpInputs(model, openLength);
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Batch batch = inputs.next();
      if (batch == null) {
        batches.forEach(Batch::close);
        return List.of();
      }
      batches.add(batch);
    }
    return batches;
  }

  private @Nullable Batch next() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Signature.Value input : model.signature().inputs()) {
      Tensor tensor = input.optional() ? null : tensor(input);
      if (tensor != null) {
        tensors.put(input.name(), tensor);
      } else if (!input.optional()) {
        tensors.values().forEach(Tensor::close);
        return null;
      }
    }
    return Batch.of(tensors);
  }

  private @Nullable Tensor tensor(Signature.Value input) {
    DataType type = input.type();
    List<Signature.Dimension> dimensions = input.dimensions();
    if (input.kind() != Signature.Kind.TENSOR || type == null || dimensions == null) {
      return null;
    }
    long[] lengths = new long[dimensions.size()];
    for (int axis = 0; axis < lengths.length; axis++) {
      lengths[axis] = dimensions.get(axis).length().orElse(axis == 0 ? ROWS : openLength);
    }
    Shape shape = Shape.of(lengths);
    if (type == DataType.STRING || type.bits() == 4 || shape.elementCount() > 1 << 26) {
      return null;
    }
    int count = (int) shape.elementCount();
    Tensor tensor = Tensor.allocate(type, shape);
    if (type == DataType.FLOAT64) {
      tensor.copyFrom(random.doubles(count, -2, 2).toArray());
    } else if (type.isFloatingPoint()) {
      tensor.copyFrom(normal(count));
    } else {
      tensor.copyFrom(integers(input.name(), type, count));
    }
    return tensor;
  }

  private float[] normal(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private long[] integers(String input, DataType type, int count) {
    long[] values = new long[count];
    if (input.toLowerCase(Locale.ROOT).contains("mask")) {
      Arrays.fill(values, 1);
      return values;
    }
    long rows = Math.min(tableRows(model.graph(), input), numbers(type));
    for (int i = 0; rows > 1 && i < count; i++) {
      values[i] = random.nextInt((int) Math.min(rows, Integer.MAX_VALUE));
    }
    return values;
  }

  /** How many numbers from 0 on a type has. */
  private static long numbers(DataType type) {
    return switch (type) {
      case BOOL -> 2;
      case INT8 -> 1 << 7;
      case UINT8 -> 1 << 8;
      case INT16 -> 1 << 15;
      case UINT16 -> 1 << 16;
      default -> Long.MAX_VALUE;
    };
  }

  /** The fewest rows of a table that the input is looked up in; 1 if it is not. */
  private static long tableRows(Graph graph, String input) {
    long rows = Long.MAX_VALUE;
    for (Node node : graph.consumers(input)) {
      if (node.is("Gather") && node.input(1).equals(input)) {
        rows = Math.min(rows, tableRows(graph.constant(node.input(0)), node));
      } else if (node.is("Cast")) {
        rows = Math.min(rows, tableRows(graph, node.output(0)));
      }
    }
    return rows == Long.MAX_VALUE ? 1 : rows;
  }

  private static long tableRows(@Nullable TensorData table, Node gather) {
    int axis = (int) gather.longAttribute("axis", 0);
    return table != null && axis >= 0 && axis < table.shape().rank()
        ? table.shape().length(axis)
        : 1;
  }
}
