package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.rivals.HoneRunner;
import dev.hone.benchmarks.rivals.JavaApiRunner;
import dev.hone.benchmarks.rivals.Runner;
import dev.hone.onnx.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model at one precision.
 *
 * @param id its part of the ledger's ids, empty if it has none there
 * @param name what a reader calls it
 * @param side whose it is
 * @param file makes the file, where it is not there yet
 * @param opener opens the file with so many threads
 */
record Variant(String id, String name, Side side, FileMaker file, Opener opener) {
  /** The name of what all others are compared with. */
  static final String BASE = "FP32 file in ONNX Runtime";

  /** Gives the size of a variant's file. */
  @FunctionalInterface
  interface FileMaker {
    /** In bytes. */
    long bytes() throws IOException;
  }

  /** Opens a variant. */
  @FunctionalInterface
  interface Opener {
    /** Opens it with so many threads. */
    Runner open(int threads) throws Exception;
  }

  /** A model in FP32 in ONNX Runtime's Java API: what all others are compared with. */
  static Variant base(Model model) {
    return theirs(BASE, model);
  }

  /** A model in ONNX Runtime's Java API. */
  static Variant theirs(String name, Model model) {
    return new Variant(
        "",
        name,
        Side.THEIRS,
        () -> bytes(model),
        threads -> new JavaApiRunner(model.source(), threads));
  }

  /** A model in Hone, as it is. */
  static Variant plain(String name, Model model) {
    return new Variant(
        "plain",
        name,
        Side.OURS,
        () -> bytes(model),
        threads -> new HoneRunner(Session.open(model, threads(threads))));
  }

  /** A model in Hone in FP32, its operators fused. */
  static Variant fused(String name, Model model) {
    return new Variant(
        "fused",
        name,
        Side.OURS,
        () -> bytes(model),
        threads -> new HoneRunner(Session.open(model, SmallModels.fused(threads))));
  }

  private static long bytes(Model model) throws IOException {
    return model.source() instanceof ModelSource.OfFile file
        ? Files.size(file.path())
        : ((ModelSource.OfBytes) model.source()).bytes().remaining();
  }

  /** A model that Hone makes small. */
  static Variant small(
      String id,
      String name,
      Model model,
      Precision precision,
      Quantization.Form form,
      Iterable<Batch> calibration) {
    return new Variant(
        id,
        name,
        Side.OURS,
        () -> Files.size(SmallModels.file(id, model, precision, form, calibration)),
        threads -> {
          Path file = SmallModels.file(id, model, precision, form, calibration);
          return new HoneRunner(Session.open(file, threads(threads)));
        });
  }

  private static SessionOptions threads(int threads) {
    return SessionOptions.builder().threads(threads).build();
  }

  /** Whether the others are compared with it. */
  boolean isBase() {
    return name.equals(BASE);
  }

  /** The size of its file. */
  double megabytes() throws IOException {
    return file.bytes() / 1e6;
  }
}
