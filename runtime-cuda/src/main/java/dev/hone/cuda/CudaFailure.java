package dev.hone.cuda;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A failed call of CUDA, as ONNX Runtime's provider words it.
 *
 * @param code CUDA's number for it
 */
record CudaFailure(int code) {
  private static final Pattern WORDS = Pattern.compile("\\bCUDA failure (\\d+): ");

  /**
   * Those after which the process must be ended and launched anew, as the documentation of CUDA's
   * runtime says, from an illegal address (700) to tensor memory left behind (721); and those of
   * memory or links that are broken (214, 220) and of a context that is gone (709).
   */
  private static final Set<Integer> FATAL =
      Set.of(214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911);

  /** Reads a message of ONNX Runtime; empty if it does not speak of a failed call of CUDA. */
  static Optional<CudaFailure> in(String message) {
    Matcher words = WORDS.matcher(message);
    return words.find()
        ? Optional.of(new CudaFailure(Integer.parseInt(words.group(1))))
        : Optional.empty();
  }

  /** Whether the process can do nothing on this GPU any more. */
  boolean isFatal() {
    return FATAL.contains(code);
  }
}
