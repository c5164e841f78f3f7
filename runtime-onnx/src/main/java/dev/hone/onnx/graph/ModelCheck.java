package dev.hone.onnx.graph;

import dev.hone.HoneException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What can be seen to be wrong with a model without running it: what would crash or mislead native
 * code, and what ONNX Runtime would refuse in words that help nobody. {@link ModelData#read} runs
 * it. Operators that the runtime does not know are the runtime's to refuse.
 */
final class ModelCheck {
  /** What ONNX Runtime 1.24.1 loads: determined by trying. Other domains have no bound there. */
  private static final Map<String, Long> NEWEST_OPSETS =
      Map.of(
          "", 25L,
          "ai.onnx.ml", 5L,
          "ai.onnx.training", 1L,
          "ai.onnx.preview.training", 1L,
          "com.microsoft", 1L);

  private static final long NEWEST_IR_VERSION = 13;
  private static final long FIRST_IR_VERSION_WITH_OPSETS = 3;

  private ModelCheck() {}

  /** The oldest format version that may carry these standard operators and optional defaults. */
  static long irVersionFor(long opset) {
    // Table of the ONNX versioning document: opset 9 came with IR 4, 24 with 11, 25 with 12.
    long[] firstOpsetOfIr = {9, 10, 11, 12, 15, 19, 21, 23, 24, 25};
    long[] irVersions = {4, 5, 6, 7, 8, 9, 10, 11, 11, 12};
    long version = irVersions[0];
    for (int i = 0; i < firstOpsetOfIr.length && firstOpsetOfIr[i] <= opset; i++) {
      version = irVersions[i];
    }
    return version;
  }

  /**
   * Checks a model.
   *
   * @param name how messages call it
   * @param folder where external data lies, or null
   * @param file the model's file, or null
   * @throws HoneException.ModelException if it is not sound
   */
  static void check(ModelData model, String name, @Nullable Path folder, @Nullable Path file) {
    checkVersions(model, name);
    try {
      GraphCheck graphCheck = new GraphCheck(new ExternalDataCheck(folder, file));
      graphCheck.check(model.graph());
      model.localFunctions().forEach(function -> graphCheck.checkBody(function.nodes()));
      FunctionCheck.check(model.localFunctions(), model.graph().nodes());
    } catch (MalformedException e) {
      throw new HoneException.ModelException(
          "'"
              + name
              + "' is an ONNX model, but not a sound one: "
              + e.getMessage()
              + ". "
              + e.remedy(),
          e);
    }
  }

  private static void checkVersions(ModelData model, String name) {
    if (model.irVersion() > NEWEST_IR_VERSION) {
      throw tooNew(name, "IR version", model.irVersion(), NEWEST_IR_VERSION);
    }
    if (model.irVersion() >= FIRST_IR_VERSION_WITH_OPSETS && model.opsets().isEmpty()) {
      throw new HoneException.ModelException(
          "A model must say which opset its operators are of, but '"
              + name
              + "' does not. Export it again.");
    }
    model
        .opsets()
        .forEach(
            (domain, version) -> {
              long newest = NEWEST_OPSETS.getOrDefault(domain, Long.MAX_VALUE);
              String what = domain.isEmpty() ? "opset" : "opset of the domain '" + domain + "'";
              if (version > newest) {
                throw tooNew(name, what, version, newest);
              }
              if (version < 1) {
                throw new HoneException.ModelException(
                    "The "
                        + what
                        + " must be at least 1, but '"
                        + name
                        + "' has "
                        + version
                        + ". Export it again.");
              }
            });
  }

  private static HoneException.ModelException tooNew(
      String name, String what, long actual, long newest) {
    return new HoneException.ModelException(
        "'"
            + name
            + "' has the "
            + what
            + " "
            + actual
            + ", but the newest that ONNX Runtime 1.24.1 runs is "
            + newest
            + ". Export it for "
            + newest
            + " or older.");
  }
}
