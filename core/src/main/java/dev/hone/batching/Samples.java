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
import org.jspecify.annotations.Nullable;

/**
 * Inputs to measure and probe with: rows of the policy's samples, cut and repeated to the size that
 * is asked for, or else rows made up from the signature. Repeatable: a row depends on its number
 * only.
 */
final class Samples {
  private static final int PIECE = 1 << 16; // elements
  private static final int LOUD = 50; // times as large as usual
  private static final int LARGER = 16; // times: from a word to a line, from an icon to a picture
  private static final long[] ALL = {0, Long.MAX_VALUE}; // of a row

  private final Signature signature;
  private final Layout layout;
  private final List<Batch> given;
  private final int largestId;
  private final int freeLength;
  private final int lastFreeLength; // of the last such axis

  /**
   * A source.
   *
   * @param largestId the most that an integer that is made up may be: some models count to two only
   * @param freeLength how long axes are made that may have any length
   */
  Samples(Signature signature, Layout layout, List<Batch> given, int largestId, int freeLength) {
    this(signature, layout, given, largestId, freeLength, freeLength);
  }

  private Samples(
      Signature signature,
      Layout layout,
      List<Batch> given,
      int largestId,
      int freeLength,
      int lastFreeLength) {
    this.lastFreeLength = lastFreeLength;
    this.signature = signature;
    this.layout = layout;
    this.given = given;
    this.largestId = largestId;
    this.freeLength = freeLength;
  }

  /**
   * The same with larger rows, along the last axis that may have any length; along their length
   * axis they are as long as is asked for. Null if rows can be larger along none.
   */
  @Nullable Samples larger() {
    boolean free = given.isEmpty() && !layout.isRegular();
    return free || layout.hasLength()
        ? new Samples(signature, layout, given, largestId, freeLength, LARGER * freeLength)
        : null;
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
    int free = lastFreeLength;
    for (int axis = shape.length - 1; axis > 0; axis--) {
      long fixed = dims == null ? -1 : dims.get(axis).length().orElse(-1);
      if (port.isLengthAxis(axis)) {
        shape[axis] = length;
      } else if (fixed >= 0) {
        shape[axis] = fixed;
      } else {
        shape[axis] = free;
        free = freeLength;
      }
    }
    return tensor(
        port.type, Shape.of(shape), tensor -> makeUp(tensor, value.name(), firstRow, loud));
  }

  /** Fills a tensor a piece at a time: arrays for all of it may be more than the heap has. */
  private void makeUp(Tensor tensor, String name, int firstRow, boolean loud) {
    long each = tensor.shape().rowElementCount();
    long elementBytes = tensor.type().byteSize(1);
    double[] values = new double[(int) Math.min(each, PIECE)];
    try (Tensor piece = Tensor.allocate(tensor.type(), Shape.of(values.length))) {
      for (long row = 0; row < tensor.shape().rows(); row++) {
        Random random = new Random(31L * (firstRow + row) + name.hashCode());
        for (long done = 0; done < each; done += values.length) {
          int made = (int) Math.min(values.length, each - done);
          for (int i = 0; i < made; i++) {
            values[i] = element(name, tensor.type(), random, loud);
          }
          write(piece, values);
          long at = (row * each + done) * elementBytes;
          Memory.copyHeld(piece.memory(), 0, tensor.memory(), at, made * elementBytes);
        }
      }
    }
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
      return random.nextGaussian() * (loud ? LOUD : 1);
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

  /**
   * Rows of the samples in turn; a row that is too short is repeated along its length. One that
   * comes again is only a part of itself, for equal rows would tell nothing about each other.
   */
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
          if (loud && port.type.isFloatingPoint()) {
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
      long turn = ((long) firstRow + row) / given.size();
      long from = turn % source.shape().rows();
      long again = turn / source.shape().rows();
      boolean varies = again > 0 && shape.length > 1 && port.isLengthAxis(1);
      long[] part = varies ? part(batch, from, source.shape().length(1), again) : ALL;
      copyRow(source, from, part, tensor, row * rowBytes, shape, port);
    }
  }

  /** Where a part of a row begins and ends: from somewhere in the first half of its content on. */
  private static long[] part(Batch batch, long row, long length, long number) {
    long begin = 0;
    long end = length;
    for (int i = 0; i < batch.size(); i++) {
      Tensor mask = batch.tensor(i);
      boolean isMask = LengthAxis.isMaskName(batch.name(i)) && mask.type() == DataType.INT64;
      if (isMask && mask.shape().rank() == 2 && mask.shape().length(1) == length) {
        long[] is = mask.toLongArray();
        int first = (int) (row * length);
        while (end > begin + 1 && is[first + (int) end - 1] == 0) {
          end--;
        }
        while (begin < end - 1 && is[first + (int) begin] == 0) {
          begin++;
        }
      }
    }
    return new long[] {begin + number % ((end - begin + 1) / 2), end};
  }

  private static void amplify(Tensor tensor) {
    double[] values = tensor.toDoubleArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= LOUD;
    }
    write(tensor, values);
  }

  private static void copyRow(
      Tensor source, long row, long[] part, Tensor to, long at, long[] shape, Port port) {
    long[] dims = source.shape().toArray();
    long elementBytes = port.type.byteSize(1);
    long from = row * RowCopy.step(dims, 0, elementBytes);
    int axis = 1;
    while (axis < dims.length && !port.isLengthAxis(axis)) {
      axis++;
    }
    boolean asItIs = axis == dims.length || (part == ALL && dims[axis] >= shape[axis]);
    if (asItIs || axis != 1) { // only the usual case, one length axis right after the rows, is more
      RowCopy.box(source.memory(), from, dims, to.memory(), at, shape, 1, elementBytes);
      return;
    }
    long step = RowCopy.step(dims, 1, elementBytes);
    for (long i = 0; i < shape[1]; i++) {
      long element = part[0] + i % (Math.min(part[1], dims[1]) - part[0]);
      Memory.copyHeld(source.memory(), from + element * step, to.memory(), at + i * step, step);
    }
  }
}
