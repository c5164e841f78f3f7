package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.HoneException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
        return new IllegalArgumentException(
            "The output '"
                + out.name(i)
                + "' of this run has the shape "
                + brackets(told.group(2))
                + ", but the tensor for it is "
                + out.tensor(i)
                + ". Bring a tensor of that shape, or let run(in) make one.",
            failure);
      }
    }
    return failure;
  }

  private static String brackets(String lengths) {
    return "[" + lengths.replace(",", ", ") + "]";
  }
}
