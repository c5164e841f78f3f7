package dev.hone.batching;

import dev.hone.DataType;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One input as the batcher sees it: a tensor whose axis 0 counts rows, and whose other axes are
 * fixed, free (equal in all rows of a batch), or the length axis (padded where rows differ, unless
 * padding would change results: then it is as a free one, but what rows cost still depends on it).
 */
final class Port {
  final String name;
  final DataType type;
  final int rank;
  final long padValue;
  private final boolean[] length;
  private final boolean padded;

  Port(String name, DataType type, int rank, List<Integer> lengthAxes, long padValue) {
    this(name, type, rank, lengthAxes, padValue, true);
  }

  private Port(
      String name,
      DataType type,
      int rank,
      List<Integer> lengthAxes,
      long padValue,
      boolean padded) {
    this.padded = padded;
    this.name = name;
    this.type = type;
    this.rank = rank;
    this.padValue = padValue;
    this.length = new boolean[rank];
    lengthAxes.forEach(axis -> length[axis] = true);
  }

  boolean isLengthAxis(int axis) {
    return length[axis];
  }

  boolean isPaddedAxis(int axis) {
    return padded && length[axis];
  }

  boolean hasLength() {
    for (boolean is : length) {
      if (is) {
        return true;
      }
    }
    return false;
  }

  Port withoutPadding() {
    List<Integer> axes = IntStream.range(0, rank).filter(this::isLengthAxis).boxed().toList();
    return new Port(name, type, rank, axes, padValue, false);
  }
}
