package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What requests must have in common to share a batch: the inputs they give, the lengths of all axes
 * that cannot be padded, and the outputs they want. Immutable; equal kinds are usually one object.
 */
final class Kind {
  static final long ROWS = -1;
  static final long LENGTH = -2;

  final Port[] ports;
  final List<String> outputs; // empty for all
  final int[] outputIndexes; // in the signature, of the outputs that a run of this kind gives
  final RunOptions options;
  final boolean hasLength;
  private final int fixedLength; // of rows that are not padded
  private final String[] names;
  private final List<String> nameList;
  private final long[][] axes; // lengths, or ROWS, or LENGTH
  private final OutputShapes outputShapes;
  private final Layout.@Nullable Sizes sizes; // of calls that run alone
  private final int hash;

  private Kind(
      Port[] ports,
      long[][] axes,
      List<String> outputs,
      int[] outputIndexes,
      OutputShapes outputShapes,
      Layout.@Nullable Sizes sizes) {
    this.sizes = sizes;
    this.ports = ports;
    this.axes = axes;
    this.outputs = outputs;
    this.outputIndexes = outputIndexes;
    this.outputShapes = outputShapes;
    this.fixedLength = fixedLength(ports, axes);
    this.names = Arrays.stream(ports).map(port -> port.name).toArray(String[]::new);
    this.nameList = List.of(names);
    this.options =
        outputs.isEmpty()
            ? RunOptions.DEFAULT
            : RunOptions.DEFAULT.withOutputs(outputs.toArray(String[]::new));
    this.hasLength = Arrays.stream(axes).anyMatch(dims -> indexOf(dims, LENGTH) >= 0);
    this.hash = 31 * Arrays.deepHashCode(axes) + 17 * Arrays.hashCode(names) + outputs.hashCode();
  }

  /** The kind of checked inputs that come in the ports' order. */
  static Kind of(
      Port[] ports,
      Batch in,
      List<String> outputs,
      int[] outputIndexes,
      OutputShapes outputShapes) {
    long[][] axes = new long[ports.length][];
    for (int i = 0; i < ports.length; i++) {
      Shape shape = in.tensor(i).shape();
      axes[i] = shape.toArray();
      for (int axis = 0; axis < axes[i].length; axis++) {
        if (axis == 0) {
          axes[i][axis] = ROWS;
        } else if (ports[i].isPaddedAxis(axis)) {
          axes[i][axis] = LENGTH;
        }
      }
    }
    return new Kind(ports, axes, outputs, outputIndexes, outputShapes, null);
  }

  /** The kind of calls that run alone, and have these sizes. */
  static Kind alone(List<String> outputs, OutputShapes outputShapes, Layout.Sizes sizes) {
    return new Kind(
        new Port[0], new long[0][], List.copyOf(outputs), new int[0], outputShapes, sizes);
  }

  /**
   * Whether no call of this kind shares a batch: what it gives or wants has no rows to put
   * together, or lies on a device, or nothing is gained by it.
   */
  boolean runsAlone() {
    return ports.length == 0;
  }

  /**
   * As how many rows a call waits, by its inputs: one where it runs alone, for then their first
   * axis need not be one of rows.
   */
  int rowsOf(Batch in) {
    long rows = runsAlone() ? 1 : countedRows(in);
    if (rows > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("A call may have at most 2^31-1 rows, not " + rows + ".");
    }
    return (int) rows;
  }

  /** As how many rows a call costs, by its inputs: as many as are known, and one at least. */
  long costRowsOf(Batch in) {
    return sizes == null ? rowsOf(in) : sizes.rowsOf(in);
  }

  /** How many rows statistics count for a call, by its inputs. */
  static long countedRows(Batch in) {
    return in.size() == 0 ? 1 : in.tensor(0).shape().rows();
  }

  /** The bytes of a call's inputs, which have so many rows of this length. */
  long bytesOf(Batch in, int rows, int length) {
    if (!runsAlone()) {
      return rowBytes(length) * rows;
    }
    long bytes = 0;
    for (int i = 0; i < in.size(); i++) {
      bytes += in.tensor(i).byteSize();
    }
    return bytes;
  }

  /** Whether inputs are of this kind and agree on rows and length; no need to check them again. */
  boolean matches(Batch in, List<String> wanted) {
    if (in.size() != ports.length || !(wanted == outputs || wanted.equals(outputs))) {
      return false;
    }
    long rows = -1;
    long length = -1;
    for (int i = 0; i < ports.length; i++) {
      Tensor tensor = in.tensor(i);
      Shape shape = tensor.shape();
      long[] dims = axes[i];
      if (!names[i].equals(in.name(i))
          || tensor.type() != ports[i].type
          || shape.rank() != dims.length) {
        return false;
      }
      for (int axis = 0; axis < dims.length; axis++) {
        long here = shape.length(axis);
        if (dims[axis] == ROWS) {
          rows = rows < 0 ? here : rows;
          if (rows != here) {
            return false;
          }
        } else if (dims[axis] == LENGTH) {
          length = length < 0 ? here : length;
          if (length != here) {
            return false;
          }
        } else if (dims[axis] != here) {
          return false;
        }
      }
    }
    return true;
  }

  /** The length of the rows, or 1 where they have none. */
  int lengthOf(Batch in) {
    if (sizes != null) {
      return sizes.lengthOf(in);
    }
    for (int i = 0; hasLength && i < axes.length; i++) {
      int axis = indexOf(axes[i], LENGTH);
      if (axis >= 0) {
        return (int) Math.min(Integer.MAX_VALUE, in.tensor(i).shape().length(axis));
      }
    }
    return fixedLength;
  }

  /** The one length that rows of this kind have where they are not padded, or 1. */
  private static int fixedLength(Port[] ports, long[][] axes) {
    for (int i = 0; i < ports.length; i++) {
      for (int axis = 1; axis < axes[i].length; axis++) {
        if (ports[i].isLengthAxis(axis) && axes[i][axis] != LENGTH) {
          return (int) Math.min(Integer.MAX_VALUE, axes[i][axis]);
        }
      }
    }
    return 1;
  }

  List<String> names() {
    return nameList;
  }

  /** The shape of one input for so many rows of this length. */
  long[] inputShape(int port, long rows, long length) {
    long[] shape = axes[port].clone();
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == ROWS) {
        shape[axis] = rows;
      } else if (shape[axis] == LENGTH) {
        shape[axis] = length;
      }
    }
    return shape;
  }

  /** The bytes of all inputs for one row of this length. */
  long rowBytes(long length) {
    long bytes = 0;
    for (int i = 0; i < ports.length; i++) {
      long elements = 1;
      for (long dim : axes[i]) {
        elements *= dim == ROWS ? 1 : dim == LENGTH ? length : dim;
      }
      bytes += ports[i].type.byteSize(elements);
    }
    return bytes;
  }

  /** The bytes of all inputs, and of the outputs that are foretold, for one row of this length. */
  long batchRowBytes(long length) {
    long bytes = rowBytes(length);
    for (int output : outputIndexes) {
      bytes += outputShapes.rowBytes(output, length);
    }
    return bytes;
  }

  /** Whether these targets are the outputs that a run of this kind gives. */
  boolean fills(Batch out) {
    boolean same = out.size() == outputs.size();
    for (int i = 0; same && i < outputs.size(); i++) {
      same = outputs.get(i).equals(out.name(i));
    }
    return same;
  }

  private static int indexOf(long[] dims, long wanted) {
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Kind kind
            && hash == kind.hash
            && Arrays.equals(names, kind.names)
            && Arrays.deepEquals(axes, kind.axes)
            && outputs.equals(kind.outputs));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      text.append(i == 0 ? "" : ", ").append(names[i]);
      text.append(Arrays.toString(axes[i]).replace("-1", "rows").replace("-2", "length"));
    }
    return text.toString();
  }
}
