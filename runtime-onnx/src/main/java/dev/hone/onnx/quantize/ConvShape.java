package dev.hone.onnx.quantize;

import dev.hone.Shape;
import dev.hone.onnx.graph.Node;

/**
 * How the weights of a convolution are laid out: {@code [outputs, inputsPerGroup, kernel…]}.
 *
 * @param outputs the output channels
 * @param inputsPerGroup the input channels that each output channel sees
 * @param taps the positions of the kernel
 * @param groups the groups
 */
record ConvShape(int outputs, int inputsPerGroup, int taps, int groups) {

  /** That of a Conv with weights of this shape. */
  static ConvShape of(Node conv, Shape weights) {
    int outputs = (int) weights.length(0);
    int inputs = (int) weights.length(1);
    int taps = (int) (weights.elementCount() / Math.max(1, (long) outputs * inputs));
    return new ConvShape(outputs, inputs, taps, (int) conv.longAttribute("group", 1));
  }

  /** The input channels. */
  int inputs() {
    return inputsPerGroup * groups;
  }

  /** The weights of one output channel, and the multiplications for each number that comes out. */
  int weightsPerOutput() {
    return inputsPerGroup * taps;
  }

  /** The input channel that the weight at this position is multiplied with. */
  int inputOf(int index) {
    int output = index / weightsPerOutput();
    int group = output / (outputs / groups);
    return group * inputsPerGroup + index % weightsPerOutput() / taps;
  }
}
