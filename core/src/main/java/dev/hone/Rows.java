package dev.hone;

import dev.hone.memory.Memory;
import java.util.Arrays;
import java.util.List;

/** Joins and cuts tensors along their first dimension. */
final class Rows {
  private Rows() {}

  static Tensor join(String name, List<Tensor> tensors) {
    Tensor first = tensors.get(0);
    long rows = 0;
    for (Tensor tensor : tensors) {
      if (tensor.type() != first.type()
          || tensor.shape().rank() == 0
          || !tensor.shape().withRows(0).equals(first.shape().withRows(0))) {
        throw new IllegalArgumentException(
            "Tensors can be joined if their types and row shapes agree, but '"
                + name
                + "' has "
                + tensors
                + ". Bring rows to one length first; see Batch.pad.");
      }
      rows += tensor.shape().rows();
    }
    Tensor joined = Tensor.allocate(first.type(), first.shape().withRows(rows));
    try {
      return fill(joined, tensors);
    } catch (RuntimeException e) { // one of them is closed
      joined.close();
      throw e;
    }
  }

  private static Tensor fill(Tensor joined, List<Tensor> tensors) {
    Tensor first = tensors.get(0);
    if (first.type() == DataType.STRING) {
      joined.copyFrom(
          tensors.stream().flatMap(t -> Arrays.stream(t.toStringArray())).toArray(String[]::new));
      return joined;
    }
    if (first.type().bits() == 4) { // a tensor may end in the middle of a byte
      joined.copyFrom(
          tensors.stream().flatMapToLong(t -> Arrays.stream(t.toLongArray())).toArray());
      return joined;
    }
    long offset = 0;
    for (Tensor tensor : tensors) {
      Memory.copy(tensor.memory(), 0, joined.memory(), offset, tensor.byteSize());
      offset += tensor.byteSize();
    }
    return joined;
  }

  static Tensor slice(Tensor tensor, long from, long to) {
    Tensor part = Tensor.allocate(tensor.type(), tensor.shape().withRows(to - from));
    try {
      return fill(part, tensor, from, to);
    } catch (RuntimeException e) { // it is closed
      part.close();
      throw e;
    }
  }

  private static Tensor fill(Tensor part, Tensor tensor, long from, long to) {
    long each = tensor.shape().rowElementCount();
    switch (tensor.type()) {
      case STRING ->
          part.copyFrom(
              Arrays.copyOfRange(tensor.toStringArray(), (int) (from * each), (int) (to * each)));
      case INT4, UINT4 -> // rows may begin in the middle of a byte
          part.copyFrom(
              Arrays.copyOfRange(tensor.toLongArray(), (int) (from * each), (int) (to * each)));
      default ->
          Memory.copy(
              tensor.memory(),
              tensor.type().byteSize(from * each),
              part.memory(),
              0,
              part.byteSize());
    }
    return part;
  }
}
