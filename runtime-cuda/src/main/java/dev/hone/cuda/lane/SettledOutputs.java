package dev.hone.cuda.lane;

import dev.hone.Signature;
import dev.hone.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Which outputs of a model have shapes that the inputs alone tell, so that a tensor which passed
 * the check has it, and the run can write there without a detour.
 */
final class SettledOutputs {
  private final Signature signature;
  private final boolean[] settled;

  SettledOutputs(StreamModel model) {
    this.signature = model.signature();
    this.settled = new boolean[signature.outputs().size()];
    for (int i = 0; i < settled.length; i++) {
      Signature.Value output = signature.outputs().get(i);
      settled[i] = model.onDevice(output) && isSettled(output);
    }
  }

  private boolean isSettled(Signature.Value output) {
    List<Signature.Dimension> dimensions = output.dimensions();
    return dimensions != null && dimensions.stream().allMatch(this::isKnown);
  }

  private boolean isKnown(Signature.Dimension dimension) {
    return dimension.length().isPresent() || dimension.symbol().filter(this::isBound).isPresent();
  }

  /** Whether an input that every run has tells what a symbol is. */
  private boolean isBound(String symbol) {
    return signature.inputs().stream()
        .filter(input -> !input.optional() && input.kind() == Signature.Kind.TENSOR)
        .map(Signature.Value::dimensions)
        .filter(Objects::nonNull)
        .flatMap(List::stream)
        .anyMatch(dimension -> dimension.symbol().filter(symbol::equals).isPresent());
  }

  /** Whether an output is one. */
  boolean has(int output) {
    return settled[output];
  }

  /** The names of the others. */
  List<String> others() {
    return IntStream.range(0, settled.length)
        .filter(i -> !settled[i])
        .mapToObj(i -> signature.outputs().get(i).name())
        .toList();
  }

  /**
   * Refuses a tensor on the device for an output that is not settled.
   *
   * @throws IllegalArgumentException if it is one
   */
  void requireHost(int output, Tensor target) {
    if (!settled[output] && target.memory().device() != null) {
      throw new IllegalArgumentException(
          "The output '"
              + signature.outputs().get(output).name()
              + "' must be brought in memory of the host, because only the run tells its shape, but"
              + " lies on "
              + target.memory().device()
              + ". Bring a tensor of the host, or let run(in) make one.");
    }
  }
}
