package dev.hone.examples;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.QuantizedModel;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Makes a model smaller and faster. Arguments: the model file, and a precision. Without any, it
 * makes an INT8 model of all-MiniLM-L6-v2, which learns the ranges of its values from the sentences
 * that ship with {@link SemanticSearch}, and writes it to the folder for temporary files.
 *
 * <p>To open such a model at once, nothing of this is needed: {@code SessionOptions.of(
 * Precision.INT8)} does the same work at opening and keeps the result for the next time.
 */
public final class Quantize {
  private static final int CALIBRATION_SENTENCES = 100;

  private Quantize() {}

  /** Quantizes the model that the command line names: {@code [model.onnx] [precision]}. */
  public static void main(String... args) throws IOException {
    List<String> words = List.of(String.join(" ", args).strip().split("\\s+"));
    String last = words.get(words.size() - 1).toUpperCase(Locale.ROOT);
    Optional<Precision> named =
        Arrays.stream(Precision.values()).filter(p -> p.name().equals(last)).findFirst();
    if (words.size() > (named.isPresent() ? 2 : 1)) {
      System.err.println(
          "Give a model file, a precision of "
              + Arrays.toString(Precision.values())
              + ", or both.");
      System.exit(1);
    }
    Precision precision = named.orElse(Precision.INT8);
    String file = named.isPresent() && words.size() == 1 ? "" : words.get(0);
    try {
      if (file.isEmpty()) {
        String name = "minilm-" + precision + ".onnx";
        miniLm(precision, Path.of(System.getProperty("java.io.tmpdir"), name));
      } else {
        // Without examples of its inputs: bring some with calibration(…), as miniLm does.
        Path smaller = Path.of(file.replaceAll("\\.onnx$", "") + "-" + precision + ".onnx");
        quantize(Model.load(Path.of(file)), SessionOptions.of(precision), smaller);
      }
    } catch (HoneException | IllegalArgumentException e) { // refused, and why
      System.err.println("\n" + e.getMessage());
      System.exit(1);
    }
  }

  /** Quantizes the sentence transformer of the class path. */
  static QuantizedModel miniLm(Precision precision, Path smaller) throws IOException {
    List<Batch> sentences = SemanticSearch.sentencesAsInputs();
    try {
      SessionOptions options =
          SessionOptions.builder()
              .precision(precision)
              .calibration(sentences.subList(0, CALIBRATION_SENTENCES))
              .checks(sentences.subList(CALIBRATION_SENTENCES, sentences.size()))
              .build();
      return quantize(SemanticSearch.loadModel(), options, smaller);
    } finally {
      sentences.forEach(Batch::close);
    }
  }

  private static QuantizedModel quantize(Model model, SessionOptions options, Path smaller) {
    Quantization how = Quantization.builder().progress(new ProgressBar(System.out)::show).build();
    OnnxOptions onnx = OnnxOptions.builder().quantization(how).build();
    QuantizedModel quantized = Quantizer.quantize(model, options.toBuilder().runtime(onnx).build());
    quantized.save(smaller);
    System.out.println();
    System.out.println(quantized.report());
    System.out.println("written to " + smaller.toAbsolutePath());
    return quantized;
  }

  /** One line that is written over as work goes on. */
  private static final class ProgressBar {
    private static final int WIDTH = 30;

    private final PrintStream out;
    private String shown = "";

    ProgressBar(PrintStream out) {
      this.out = out;
    }

    void show(String phase, double fraction) {
      int done = (int) Math.round(fraction * WIDTH);
      String bar = "#".repeat(done) + ".".repeat(WIDTH - done);
      String line =
          String.format(Locale.ROOT, "\r[%s] %3.0f %%  %-32s", bar, fraction * 100, phase);
      if (!line.equals(shown)) { // this may be called very often
        shown = line;
        out.print(line);
        out.flush();
      }
    }
  }
}
