package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Inputs to measure and probe with: rows of the policy's samples, cut and repeated to the size that
 * is asked for, or else rows made up from the signature. Repeatable: a row depends on its number
 * only.
 */
final class Samples {
  private final Signature signature;
  private final Layout layout;
  private final List<Batch> given;
  private final int largestId;
  private final int freeLength;

  /**
   * A source.
   *
   * @param largestId the most that an integer that is made up may be: some models count to two only
   * @param freeLength how long axes are made that may have any length
   */
  Samples(Signature signature, Layout layout, List<Batch> given, int largestId, int freeLength) {
    this.signature = signature;
    this.layout = layout;
    this.given = given;
    this.largestId = largestId;
    this.freeLength = freeLength;
  }

  /**
   * So many rows of one length.
   *
   * @param firstRow the number of the first row
   * @param loud whether floating-point values are far larger than usual
   */
  Batch rows(int firstRow, int rows, int length, boolean loud) {
    List<String> names = new ArrayList<>();
    List<Tensor> tensors = new ArrayList<>();
    try {
      for (Value value : signature.inputs()) {
        Port port = layout.port(value.name());
        if (!value.optional() && port != null) {
          names.add(value.name());
          tensors.add(
              given.isEmpty()
                  ? madeUp(value, port, firstRow, rows, length, loud)
                  : fromGiven(value, port, firstRow, rows, length, loud));
        }
      }
    } catch (RuntimeException | Error e) { // a sample that lacks an input, say
      tensors.forEach(Tensor::close);
      throw e;
    }
    return Batch.of(names, tensors);
  }

  private Tensor madeUp(Value value, Port port, int firstRow, int rows, int length, boolean loud) {
    List<Dimension> dims = value.dimensions();
    long[] shape = new long[port.rank];
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      long fixed = dims == null ? -1 : dims.get(axis).length().orElse(-1);
      shape[axis] = port.isLengthAxis(axis) ? length : fixed >= 0 ? fixed : freeLength;
    }
    int each = (int) Shape.of(shape).rowElementCount();
    double[] values = new double[rows * each];
    for (int row = 0; row < rows; row++) {
      Random random = new Random(31L * (firstRow + row) + value.name().hashCode());
      for (int i = 0; i < each; i++) {
        values[row * each + i] = element(value.name(), port.type, random, loud);
      }
    }
    return tensor(port.type, Shape.of(shape), tensor -> write(tensor, values));
  }

  /** A tensor that is filled, or closed again. */
  private static Tensor tensor(DataType type, Shape shape, Consumer<Tensor> filling) {
    Tensor tensor = Tensor.allocate(type, shape);
    try {
      filling.accept(tensor);
      return tensor;
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
  }

  private double element(String name, DataType type, Random random, boolean loud) {
    if (LengthAxis.isMaskName(name)) {
      return 1;
    }
    if (type.isFloatingPoint()) {
      return random.nextGaussian() * (loud ? 50 : 1);
    }
    boolean small = type == DataType.BOOL || name.toLowerCase(Locale.ROOT).contains("type");
    return small ? 0 : random.nextInt(largestId + 1);
  }

  /** Writes numbers as whatever the tensor's elements are. */
  static void write(Tensor tensor, double[] values) {
    if (tensor.type() == DataType.FLOAT64) {
      tensor.copyFrom(values);
    } else if (tensor.type().isFloatingPoint()) {
      float[] floats = new float[values.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) values[i];
      }
      tensor.copyFrom(floats);
    } else {
      long[] longs = new long[values.length];
      for (int i = 0; i < longs.length; i++) {
        longs[i] = (long) values[i];
      }
      tensor.copyFrom(longs);
    }
  }

  /** Rows of the samples in turn; a row that is too short is repeated along its length. */
  private Tensor fromGiven(
      Value value, Port port, int firstRow, int rows, int length, boolean loud) {
    Tensor like = given.get(0).get(value.name());
    long[] shape = like.shape().toArray();
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = port.isLengthAxis(axis) ? length : shape[axis];
    }
    return tensor(
        port.type,
        Shape.of(shape),
        tensor -> {
          copyRows(value.name(), port, firstRow, tensor);
          if (loud && port.type == DataType.FLOAT32) {
            amplify(tensor);
          }
        });
  }

  private void copyRows(String name, Port port, int firstRow, Tensor tensor) {
    long[] shape = tensor.shape().toArray();
    long rowBytes = RowCopy.step(shape, 0, port.type.byteSize(1));
    for (int row = 0; row < shape[0]; row++) {
      Batch batch = given.get((firstRow + row) % given.size());
      Tensor source = batch.get(name);
      long from = (firstRow + row) / given.size() % source.shape().rows();
      copyRow(source, from, tensor, row * rowBytes, shape, port);
    }
  }

  private static void amplify(Tensor tensor) {
    float[] values = tensor.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 50;
    }
    tensor.copyFrom(values);
  }

  private static void copyRow(
      Tensor source, long row, Tensor to, long at, long[] shape, Port port) {
    long[] dims = source.shape().toArray();
    long elementBytes = port.type.byteSize(1);
    long from = row * RowCopy.step(dims, 0, elementBytes);
    int axis = 1;
    while (axis < dims.length && !port.isLengthAxis(axis)) {
      axis++;
    }
    if (axis == dims.length || dims[axis] >= shape[axis]) {
      RowCopy.box(source.memory(), from, dims, to.memory(), at, shape, 1, elementBytes);
      return;
    }
    // Too short: only the usual case, one length axis right after the rows, is repeated in full.
    long step = RowCopy.step(dims, axis, elementBytes);
    for (long i = 0; axis == 1 && i < shape[axis]; i++) {
      Memory.copyHeld(
          source.memory(), from + i % dims[axis] * step, to.memory(), at + i * step, step);
    }
    if (axis != 1) {
      RowCopy.box(source.memory(), from, dims, to.memory(), at, shape, 1, elementBytes);
    }
  }
}
