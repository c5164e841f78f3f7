package dev.hone.onnx.fuse;

import dev.hone.Shape;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;

/**
 * Which output channel each weight of a convolution belongs to.
 *
 * <p>Conv has weights {@code [M, C/group, kernel…]}: the first dimension is the output channel.
 * ConvTranspose has {@code [C, M/group, kernel…]}: input channel c belongs to group {@code g = c /
 * (C/group)}, whose output channels begin at {@code g M/group}.
 *
 * @param count the output channels, M
 * @param rank the number of dimensions of weights and output
 * @param inner the weights for each step of the second dimension: the taps of the kernel
 * @param second the length of the second dimension
 * @param inputsPerGroup for a transposed convolution C/group, otherwise 0
 */
record Channels(int count, int rank, int inner, int second, int inputsPerGroup) {

  /** Those of a convolution, plain or transposed, with these weights. */
  static Channels of(Node conv, TensorData weights) {
    Shape shape = weights.shape();
    int first = (int) shape.length(0);
    int second = (int) shape.length(1);
    int inner = (int) (shape.elementCount() / Math.max(1, (long) first * second));
    if (conv.is("Conv")) {
      return new Channels(first, shape.rank(), inner, second, 0);
    }
    int groups = (int) conv.longAttribute("group", 1);
    return new Channels(second * groups, shape.rank(), inner, second, first / groups);
  }

  /** The output channel of the weight at this position. */
  int of(int index) {
    int first = index / (inner * second);
    if (inputsPerGroup == 0) {
      return first;
    }
    int withinGroup = index / inner % second;
    return first / inputsPerGroup * second + withinGroup;
  }

  /** Whether a constant of this shape, spread over the output, has one value for each channel. */
  boolean alignsWith(Shape constant) {
    if (constant.rank() > rank) {
      return false;
    }
    for (int i = 0; i < constant.rank(); i++) {
      int axis = rank - constant.rank() + i;
      long length = constant.length(i);
      if (length != 1 && (axis != 1 || length != count)) {
        return false;
      }
    }
    return true;
  }
}
