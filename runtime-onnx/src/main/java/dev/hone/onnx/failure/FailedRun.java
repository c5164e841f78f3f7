package dev.hone.onnx.failure;

import dev.hone.Batch;
import dev.hone.HoneException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Says of a run that failed inside ONNX Runtime or on the GPU which model it was and what it was
 * given, and what is likely wrong: their own words are about a node or a call of CUDA that the
 * caller has never heard of.
 */
public final class FailedRun {
  /** Where the library was compiled is of no use to anybody here. */
  private static final Pattern SOURCE_FILE = Pattern.compile("/\\S*/onnxruntime/core/\\S+ ");

  private static final String SHAPES =
      "The shapes do not go together inside the model, or are larger than it takes, as texts longer"
          + " than its table of positions are: cut the inputs, or give them the shapes that the"
          + " model was made for.";

  /** A model of older operators, raised to version 13 on the way, meets this. */
  private static final String EMPTY =
      "Inside the model a tensor has a length of 0, and a node cannot give it its shape: do not run"
          + " the model on nothing. If it ran so before it was quantized, export it with version 13"
          + " or newer of ONNX's operators.";

  private static final Pattern EMPTY_RESHAPED =
      Pattern.compile(
          "input shape:\\{(?:[^}]*,)?0(?:,[^}]*)?\\}|dimension with value zero exceeds");

  /** What ONNX Runtime says, in small letters, and what it most often means. */
  private static final Map<String, String> MEANINGS =
      Map.of(
          "indices element out of data bounds",
          "An index among the inputs, a token for example, is beyond the model's table: use the"
              + " tokenizer that belongs to the model.",
          "attempting to broadcast",
          SHAPES,
          "the input tensor cannot be reshaped",
          SHAPES,
          "dimension mismatch",
          SHAPES);

  private FailedRun() {}

  /**
   * What to throw: the failure itself where it says already what the caller needs.
   *
   * @param model the model's name
   * @param in what it was given
   */
  public static RuntimeException explain(RuntimeException failure, String model, Batch in) {
    if (failure.getClass() != HoneException.class) {
      return failure;
    }
    String told = String.valueOf(failure.getMessage());
    String meaning = meaning(told);
    return new HoneException(
        "The model '"
            + model
            + "' could not be run on "
            + in
            + ". "
            + meaning
            + (meaning.isEmpty() ? "" : " ")
            + SOURCE_FILE.matcher(told).replaceAll("").strip(),
        failure);
  }

  /** In a sentence; empty where the words say by themselves what is wrong. */
  private static String meaning(String told) {
    String small = told.toLowerCase(Locale.ROOT); // some kernels begin with a capital, some do not
    if (EMPTY_RESHAPED.matcher(small).find()) {
      return EMPTY;
    }
    return MEANINGS.entrySet().stream()
        .filter(entry -> small.contains(entry.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(
            told.contains("CUDA") // it is not the inputs
                ? ""
                : "Check that the values and shapes are such as the model was made for.");
  }
}
