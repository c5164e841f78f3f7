package dev.hone.batching;

import dev.hone.DataType;
import java.util.List;

/**
 * One input as the batcher sees it: a tensor whose axis 0 counts rows, and whose other axes are
 * fixed, free (equal in all rows of a batch), or the length axis (padded where rows differ).
 */
final class Port {
  final String name;
  final DataType type;
  final int rank;
  final long padValue;
  private final boolean[] length;

  Port(String name, DataType type, int rank, List<Integer> lengthAxes, long padValue) {
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

  boolean hasLength() {
    for (boolean is : length) {
      if (is) {
        return true;
      }
    }
    return false;
  }

  Port withoutLength() {
    return new Port(name, type, rank, List.of(), padValue);
  }
}
