package dev.hone.benchmarks.inputs;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Models that Hone made small, as files in a folder that the processes of one run share: each is
 * made once, by the process that first wants it.
 */
public final class SmallModels {
  private SmallModels() {}

  /** The folder. */
  public static Path folder() {
    return Path.of(System.getProperty("bench.folder", "target/bench"), "models");
  }

  /**
   * The file of a small model. It is taken whether it is faster or not: to find that out is what a
   * benchmark is for.
   *
   * @param id what tells it from others of the same model
   * @param calibration inputs to learn from; empty for what needs none
   * @throws dev.hone.onnx.QuantizationException if the result is too far from the original
   */
  public static Path file(
      String id,
      Model model,
      Precision precision,
      Quantization.Form form,
      Iterable<Batch> calibration)
      throws IOException {
    String name = model.source().name().replaceAll(".*/|\\.onnx$", "") + "-" + id;
    Path file = folder().resolve(name + ".onnx");
    if (!Files.exists(file)) {
      Progress.say("quantizing, " + name);
      Files.createDirectories(folder());
      Quantizer.quantize(model, options(precision, form, calibration)).save(file);
    }
    return file;
  }

  /** Options for a model in FP32 whose operators are fused. */
  public static SessionOptions fused(int threads) {
    return SessionOptions.builder()
        .threads(threads)
        .runtime(OnnxOptions.builder().fuse(true).build())
        .build();
  }

  /** The options that such a file is made with. */
  public static SessionOptions options(
      Precision precision, Quantization.Form form, Iterable<Batch> calibration) {
    Quantization how =
        Quantization.builder()
            .form(form)
            .evenIfSlower(true)
            .cacheFolder(folder().resolve("cache"))
            .build();
    SessionOptions.Builder options =
        SessionOptions.builder()
            .precision(precision)
            .runtime(OnnxOptions.builder().quantization(how).build());
    return (calibration.iterator().hasNext() ? options.calibration(calibration) : options).build();
  }
}
