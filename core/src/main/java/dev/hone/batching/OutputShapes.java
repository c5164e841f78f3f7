package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the shapes of outputs follow from rows and length, as seen in runs of known rows and length:
 * an axis that always has the number of rows counts rows, one that always has the length is cut to
 * a row's own, and one that never changes is fixed.
 */
final class OutputShapes {
  private static final long UNKNOWN = -3;

  private final DataType[] types; // empty while unknown
  // Of each output a fixed length, Kind.ROWS, Kind.LENGTH or UNKNOWN for each axis.
  private final long[][] axes;
  private final boolean foretold;

  private OutputShapes(DataType[] types, long[][] axes, boolean foretold) {
    this.types = types;
    this.axes = axes;
    this.foretold = foretold;
  }

  static OutputShapes unknown(Signature signature) {
    return new OutputShapes(new DataType[0], new long[signature.outputs().size()][0], false);
  }

  /**
   * Learns from several runs.
   *
   * @param foretold whether nothing but rows and length can change a shape
   */
  static OutputShapes learn(List<Batch> outputs, int[] rows, int[] lengths, boolean foretold) {
    Batch first = outputs.get(0);
    long[][] axes = new long[first.size()][];
    DataType[] types = new DataType[first.size()];
    for (int i = 0; i < axes.length; i++) {
      types[i] = first.tensor(i).type();
      axes[i] = first.tensor(i).shape().toArray();
      for (int axis = 0; axis < axes[i].length; axis++) {
        axes[i][axis] = rule(outputs, i, axis, rows, lengths);
      }
    }
    return new OutputShapes(types, axes, foretold);
  }

  private static long rule(List<Batch> outputs, int output, int axis, int[] rows, int[] lengths) {
    boolean isRows = true;
    boolean isLength = true;
    boolean isFixed = true;
    long first = outputs.get(0).tensor(output).shape().length(axis);
    for (int run = 0; run < rows.length; run++) {
      Shape shape = outputs.get(run).tensor(output).shape();
      long here = axis < shape.rank() ? shape.length(axis) : UNKNOWN;
      isRows &= here == rows[run];
      isLength &= here == lengths[run];
      isFixed &= here == first;
    }
    return isRows ? Kind.ROWS : isFixed ? first : isLength ? Kind.LENGTH : UNKNOWN;
  }

  /** Why rows cannot be told apart in the outputs, or null if they can. */
  @Nullable String obstacle(Signature signature) {
    for (int i = 0; i < axes.length; i++) {
      long[] dims = axes[i];
      if (dims.length == 0 || dims[0] != Kind.ROWS) {
        return "its output '"
            + signature.outputs().get(i).name()
            + "' has no axis of rows in front";
      }
    }
    return null;
  }

  /** What stays true when lengths are no longer told apart from other free axes. */
  OutputShapes ofAnyLength() {
    long[][] any = new long[axes.length][];
    for (int i = 0; i < any.length; i++) {
      long[] dims = axes[i];
      any[i] = Arrays.stream(dims).map(d -> d == Kind.LENGTH ? UNKNOWN : d).toArray();
    }
    return new OutputShapes(types, any, false);
  }

  /** Whether no axis varies in a way that cutting to a row's own length could not follow. */
  boolean canBeCut() {
    return Arrays.stream(axes).allMatch(dims -> Arrays.stream(dims).noneMatch(d -> d == UNKNOWN));
  }

  /** The type of an output whose shape is known. */
  DataType type(int output) {
    return types[output];
  }

  /** The shape of an output, or null if only the run can tell. */
  @Nullable Shape shape(int output, long rows, long length) {
    long[] dims = axes[output];
    if (!foretold || dims.length == 0) {
      return null;
    }
    long[] shape = dims.clone();
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == UNKNOWN) {
        return null;
      }
      shape[axis] =
          shape[axis] == Kind.ROWS ? rows : shape[axis] == Kind.LENGTH ? length : shape[axis];
    }
    return Shape.of(shape);
  }

  /** The bytes of an output for one row of this length; 0 if only the run can tell. */
  long rowBytes(int output, long length) {
    long[] dims = axes[output];
    if (!foretold || dims.length == 0) {
      return 0;
    }
    long elements = 1;
    for (int axis = 1; axis < dims.length; axis++) {
      if (dims[axis] == UNKNOWN) {
        return 0;
      }
      elements *= dims[axis] == Kind.LENGTH ? length : dims[axis] == Kind.ROWS ? 1 : dims[axis];
    }
    return types[output].byteSize(elements);
  }

  /** The shape that a request's part has, cut out of an output of padded rows. */
  Shape cut(int output, Shape padded, long rows, long length) {
    long[] shape = padded.toArray();
    shape[0] = rows;
    long[] dims = axes[output];
    for (int axis = 1; axis < dims.length; axis++) {
      if (dims[axis] == Kind.LENGTH) {
        shape[axis] = length;
      }
    }
    return Shape.of(shape);
  }
}
