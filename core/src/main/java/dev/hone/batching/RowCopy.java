package dev.hone.batching;

import dev.hone.memory.Memory;

/** Copies boxes of elements between memories in which they have other surroundings. */
final class RowCopy {
  private RowCopy() {}

  /**
   * Copies what two boxes have in common from the front of each axis on. Both memories are kept
   * alive by the caller.
   *
   * @param fromDims the lengths of the box in {@code from}
   * @param toDims the lengths of the box in {@code to}
   * @param axis the first axis that counts; those before it are left out
   */
  static void box(
      Memory from,
      long fromAt,
      long[] fromDims,
      Memory to,
      long toAt,
      long[] toDims,
      int axis,
      long elementBytes) {
    long fromStep = step(fromDims, axis, elementBytes);
    long toStep = step(toDims, axis, elementBytes);
    if (fromStep == toStep && sameFrom(fromDims, toDims, axis + 1)) {
      long common = axis < fromDims.length ? Math.min(fromDims[axis], toDims[axis]) : 1;
      Memory.copyHeld(from, fromAt, to, toAt, common * fromStep);
      return;
    }
    for (long i = 0; i < Math.min(fromDims[axis], toDims[axis]); i++) {
      box(
          from,
          fromAt + i * fromStep,
          fromDims,
          to,
          toAt + i * toStep,
          toDims,
          axis + 1,
          elementBytes);
    }
  }

  /** The bytes from one element of an axis to the next. */
  static long step(long[] dims, int axis, long elementBytes) {
    long bytes = elementBytes;
    for (int i = axis + 1; i < dims.length; i++) {
      bytes *= dims[i];
    }
    return bytes;
  }

  private static boolean sameFrom(long[] dims, long[] others, int axis) {
    for (int i = axis; i < dims.length; i++) {
      if (dims[i] != others[i]) {
        return false;
      }
    }
    return true;
  }
}
