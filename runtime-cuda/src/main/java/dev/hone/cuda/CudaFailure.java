package dev.hone.cuda;

import dev.hone.cuda.device.CudaError;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A failed call of CUDA, as ONNX Runtime's provider or this module words it.
 *
 * @param code CUDA's number for it
 */
record CudaFailure(int code) {
  private static final Pattern WORDS = Pattern.compile("\\bCUDA (?:failure|error) (\\d{1,6})\\b");

  /** Reads a message of ONNX Runtime; empty if it does not speak of a failed call of CUDA. */
  static Optional<CudaFailure> in(String message) {
    Matcher words = WORDS.matcher(message);
    return words.find()
        ? Optional.of(new CudaFailure(Integer.parseInt(words.group(1))))
        : Optional.empty();
  }

  /** Whether the process can do nothing on this GPU any more. */
  boolean isFatal() {
    return CudaError.isSticky(code);
  }
}
