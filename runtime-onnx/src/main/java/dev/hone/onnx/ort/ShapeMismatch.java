package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Tensor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says in the words of the caller that a tensor brought for an output has another shape than the
 * run gave. Only for outputs whose shape the inputs do not settle: the others are checked before.
 */
final class ShapeMismatch {
  private static final Pattern TOLD =
      Pattern.compile("Current shape:\\{([-0-9,]*)\\} Requested shape:\\{([-0-9,]*)\\}");

  private ShapeMismatch() {}

  /** What to throw for a run into {@code out} that failed with {@code failure}. */
  static RuntimeException explain(HoneException failure, Batch out) {
    Matcher told = TOLD.matcher(String.valueOf(failure.getMessage()));
    if (!told.find()) {
      return failure;
    }
    String brought = brackets(told.group(1));
    for (int i = 0; i < out.size(); i++) {
      if (out.tensor(i).shape().toString().equals(brought)) {
        return refusal(out.name(i), brackets(told.group(2)), out.tensor(i), failure);
      }
    }
    return failure;
  }

  /**
   * Copies what a run gave into what the caller brought for it: all of it, or nothing.
   *
   * @throws IllegalArgumentException if that has another shape
   */
  static void copy(Batch made, Batch out) {
    for (int i = 0; i < made.size(); i++) {
      Tensor given = made.tensor(i);
      Tensor target = out.get(made.name(i));
      if (!given.shape().equals(target.shape())) {
        throw refusal(made.name(i), given.shape().toString(), target, null);
      }
    }
    for (int i = 0; i < made.size(); i++) {
      out.get(made.name(i)).copyFrom(made.tensor(i));
    }
  }

  private static IllegalArgumentException refusal(
      String output, String shape, Tensor brought, @Nullable HoneException failure) {
    return new IllegalArgumentException(
        "The output '"
            + output
            + "' of this run has the shape "
            + shape
            + ", but the tensor for it is "
            + brought
            + ". Bring a tensor of that shape, or let run(in) make one.",
        failure);
  }

  private static String brackets(String lengths) {
    return "[" + lengths.replace(",", ", ") + "]";
  }
}
