package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.memory.MemoryPool;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts the rows of many calls into one batch, and the rows of its results back into tensors of each
 * call's own. All memory is pooled: that of results comes back when the caller closes them.
 */
final class Joiner {
  private final Layout layout;
  private final MemoryPool pool;
  private final Padding padding;

  Joiner(Layout layout, MemoryPool pool, Padding padding) {
    this.layout = layout;
    this.pool = pool;
    this.padding = padding;
  }

  /** One batch of all rows, padded to one length; the caller closes it. */
  Batch join(Kind kind, List<Piece> pieces, int rows, int length) {
    Tensor[] joined = new Tensor[kind.ports.length];
    try {
      for (int i = 0; i < joined.length; i++) {
        joined[i] = join(kind, i, pieces, rows, length);
      }
    } finally {
      closeIfIncomplete(joined);
    }
    return Batch.of(kind.names(), Arrays.asList(joined));
  }

  private Tensor join(Kind kind, int index, List<Piece> pieces, int rows, int length) {
    Port port = kind.ports[index];
    long[] dims = kind.inputShape(index, rows, length);
    Tensor joined = pooled(port.type, Shape.of(dims));
    long rowBytes = RowCopy.step(dims, 0, port.type.byteSize(1));
    long at = 0;
    for (Piece piece : pieces) {
      Request request = piece.request();
      Memory source = request.input(index).memory();
      if (request.length == length || !port.hasLength()) {
        Memory.copyHeld(
            source, piece.from() * rowBytes, joined.memory(), at, piece.rows() * rowBytes);
      } else {
        padding.write(port, joined.memory(), at, piece.rows() * rowBytes);
        long[] own = kind.inputShape(index, piece.rows(), request.length);
        own[0] = piece.rows();
        long ownBytes = RowCopy.step(own, 0, port.type.byteSize(1));
        dims[0] = piece.rows();
        RowCopy.box(
            source,
            piece.from() * ownBytes,
            own,
            joined.memory(),
            at,
            dims,
            0,
            port.type.byteSize(1));
      }
      at += piece.rows() * rowBytes;
    }
    return joined;
  }

  /** Tensors for all results of a batch, or null if their shapes are not known before the run. */
  @Nullable Batch targets(Kind kind, int rows, int length) {
    Tensor[] targets = new Tensor[kind.outputIndexes.length];
    try {
      for (int i = 0; i < targets.length; i++) {
        Shape shape = layout.outputShapes().shape(kind.outputIndexes[i], rows, length);
        if (shape == null) {
          return null;
        }
        targets[i] = pooled(layout.outputType(kind.outputIndexes[i]), shape);
      }
    } finally {
      closeIfIncomplete(targets);
    }
    return Batch.of(layout.outputNames(kind), Arrays.asList(targets));
  }

  /** What so many requests' results are cut out of these into. */
  Slices slices(Batch results, int requests) {
    return new Slices(layout, pool, results, requests);
  }

  /**
   * Copies a piece's rows out of the results of a batch.
   *
   * @param at the piece's first row in the batch
   */
  void deliver(Flight flight, Piece piece, Batch results, Slices slices, int at) {
    Request request = piece.request();
    if (!request.beginDelivery()) {
      return; // it ended early; nobody wants these rows
    }
    Batch target = null;
    try {
      target = target(request, results, slices);
      for (int i = 0; i < results.size(); i++) {
        copy(results.tensor(i), at, target.tensor(i), piece.from(), piece.rows());
      }
    } catch (RuntimeException | Error e) {
      request.abortDelivery(e, target);
      return;
    }
    request.endDelivery(flight, piece.rows(), target); // not above: what ended is not aborted
  }

  /** What a request's results go into. */
  private Batch target(Request request, Batch results, Slices slices) {
    Batch out = request.out();
    if (out != null) {
      requireTargets(request, out, results);
      return out;
    }
    Batch collected = request.collected();
    return collected == null ? slices.of(request) : collected;
  }

  /** Checks what only the run could tell; see {@link Layout#checkTargets}. */
  private void requireTargets(Request request, Batch out, Batch results) {
    for (int i = 0; i < results.size(); i++) {
      Tensor result = results.tensor(i);
      Shape shape = layout.cut(request, i, result.shape());
      Tensor target = out.tensor(i);
      if (!shape.equals(target.shape()) || result.type() != target.type()) {
        throw Layout.wrongTarget(out.name(i), result.type(), shape, target);
      }
    }
  }

  private static void copy(Tensor from, int fromRow, Tensor to, int toRow, int rows) {
    long bytes = from.type().byteSize(1);
    Shape fromShape = from.shape();
    Shape toShape = to.shape();
    long fromRowBytes = fromShape.rowElementCount() * bytes;
    if (fromRowBytes == toShape.rowElementCount() * bytes) {
      Memory.copyHeld(
          from.memory(),
          fromRow * fromRowBytes,
          to.memory(),
          toRow * fromRowBytes,
          rows * fromRowBytes);
      return;
    }
    long[] fromDims = fromShape.toArray();
    long[] toDims = toShape.toArray();
    requireCut(fromDims, toDims);
    long toRowBytes = RowCopy.step(toDims, 0, bytes);
    for (int row = 0; row < rows; row++) {
      RowCopy.box(
          from.memory(),
          (fromRow + row) * fromRowBytes,
          fromDims,
          to.memory(),
          (toRow + row) * toRowBytes,
          toDims,
          1,
          bytes);
    }
  }

  private static void requireCut(long[] from, long[] to) {
    boolean fits = from.length == to.length;
    for (int axis = 1; fits && axis < from.length; axis++) {
      fits = to[axis] <= from[axis];
    }
    if (!fits) {
      throw new HoneException(
          "Results of rows "
              + Arrays.toString(to)
              + " were expected, but the model gave "
              + Arrays.toString(from)
              + ".");
    }
  }

  private Tensor pooled(DataType type, Shape shape) {
    return Tensor.of(type, shape, take(pool, type.byteSize(shape.elementCount())));
  }

  /** Memory of a batch. */
  static Memory take(MemoryPool pool, long bytes) {
    try {
      return pool.take(bytes);
    } catch (OutOfMemoryError e) {
      throw new HoneException.OutOfMemoryException(
          "No native memory for the " + bytes + " bytes of a batch. " + e.getMessage(), e);
    }
  }

  private static void closeIfIncomplete(@Nullable Tensor[] tensors) {
    if (tensors.length > 0 && tensors[tensors.length - 1] == null) {
      close(tensors);
    }
  }

  /** Closes those that were made. */
  static void close(@Nullable Tensor[] tensors) {
    for (Tensor tensor : tensors) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }
}
