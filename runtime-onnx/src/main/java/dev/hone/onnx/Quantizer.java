package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.onnx.Quantizing.Looked;
import dev.hone.onnx.Quantizing.Result;
import dev.hone.onnx.cache.DiskCache;
import dev.hone.onnx.check.ExampleCheck;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes a model smaller and faster: a model in, a model out.
 *
 * <pre>{@code
 * QuantizedModel small =
 *     Quantizer.quantize(
 *         Model.load(Path.of("model.onnx")),
 *         SessionOptions.builder().precision(Precision.INT8).calibration(examples).build());
 * System.out.println(small.report());
 * small.save(Path.of("model-int8.onnx"));
 * }</pre>
 *
 * <p>It takes the same options as {@link dev.hone.Session#open(Model, SessionOptions)}, which does
 * the same work by itself and keeps the result on disk. Use this to look at the result, to ship it,
 * or to do the work at build time.
 */
public final class Quantizer {
  private Quantizer() {}

  /**
   * Brings a model to the precision that the options ask for. Always does the work: nothing is read
   * from the cache or kept in it. The model that is given stays as it is.
   *
   * @param model an ONNX model
   * @param options precision, calibration and checks, threads for the timing, and in {@link
   *     OnnxOptions#quantization} how it is done. FP16 for {@link dev.hone.Device#cuda} computes in
   *     half precision; for other devices it is a form of the file alone
   * @throws QuantizationException if the result is refused; see {@link Quantization}
   * @throws IllegalArgumentException if the options do not ask for a precision that another file
   *     could have, or if the calibration data is of no use
   */
  public static QuantizedModel quantize(Model model, SessionOptions options) {
    return quantize(model, options, StandardPasses.INSTANCE);
  }

  static QuantizedModel quantize(Model model, SessionOptions options, Passes passes) {
    Given.value(model, "model to quantize", "Load one with Model.load.");
    Given.value(options, "options to quantize by", "SessionOptions.of(Precision.INT8) is enough.");
    if (!(model instanceof OnnxModel onnx)) {
      throw new IllegalArgumentException(
          "Only models loaded as ONNX can be quantized, but '"
              + model.source().name()
              + "' is a "
              + model.getClass().getName()
              + ".");
    }
    requireStorable(options.precision());
    requireFloats(onnx, passes);
    requireNotHalf(onnx, options, passes);
    Looked looked = look(onnx, options);
    Result result = work(onnx, options, passes, looked);
    OnnxModel small = OnnxModel.of(onnx.name(), result.model());
    return new QuantizedModel(onnx, small, result.report());
  }

  private static void requireStorable(Precision precision) {
    if (precision == Precision.FP32 || precision == Precision.BF16) {
      throw new IllegalArgumentException(
          "A model can be brought to INT8, INT4 or FP16, but the options ask for "
              + precision
              + (precision == Precision.FP32
                  ? ", which it has already."
                  : ", which is no form of a file: open it with this precision instead."));
    }
  }

  private static void requireFloats(OnnxModel model, Passes passes) {
    passes
        .quantizedAs(model.data())
        .ifPresent(
            already -> {
              throw new QuantizationException(
                  "'"
                      + model.name()
                      + "' is quantized already, to "
                      + already.made()
                      + ". Rounding what was rounded adds error and saves little: quantize the"
                      + " original instead.",
                  null);
            });
  }

  private static void requireNotHalf(OnnxModel model, SessionOptions options, Passes passes) {
    if (options.precision() == Precision.FP16
        && passes.isHalf(model.data(), options.device().kind())) {
      throw new QuantizationException(
          "'"
              + model.name()
              + "' is in FP16 already, so there is nothing to do for "
              + options.device()
              + ". Open it as it is.",
          null);
    }
  }

  private static Looked look(OnnxModel model, SessionOptions options) {
    return new Looked(
        look("calibration", options.calibration().orElse(null), model),
        look("check", options.checks().orElse(null), model));
  }

  private static @Nullable ExampleCheck look(
      String what, @Nullable Iterable<Batch> examples, OnnxModel model) {
    return examples == null ? null : ExampleCheck.of(what, examples, model.signature());
  }

  private static Result work(
      OnnxModel model, SessionOptions options, Passes passes, Looked looked) {
    return new Quantizing(model, options, passes)
        .run(options.calibration().orElse(null), options.checks().orElse(null), looked);
  }

  /**
   * A model made ready for a session.
   *
   * @param stored where it is
   * @param report what was done
   * @param note what is to be said about the cache; empty if nothing
   */
  record Prepared(Runners.Stored stored, QuantizationReport report, String note) {}

  /** As {@link #quantize(Model, SessionOptions)}, but from the cache where it is there. */
  static Prepared prepare(OnnxModel model, SessionOptions options, Passes passes) {
    Looked looked = look(model, options);
    Quantization how = OnnxSession.onnxOptions(options).quantization();
    QuantizationCache cache = QuantizationCache.of(how);
    if (cache == null) {
      return fresh(work(model, options, passes, looked), model, "");
    }
    String key;
    Optional<QuantizationCache.Kept> kept;
    try {
      key = cache.key(model, options, looked.digest());
      kept = cache.find(key);
    } catch (IOException e) {
      return fresh(work(model, options, passes, looked), model, notRead(cache, e));
    }
    if (kept.isPresent()) {
      return fromCache(kept.get());
    }
    DiskCache.Work turn = cache.lock(key);
    try {
      kept = findAgain(cache, key); // another may have done it meanwhile
      return kept.isPresent()
          ? fromCache(kept.get())
          : keep(cache, key, work(model, options, passes, looked), model);
    } finally {
      turn.close();
    }
  }

  private static Prepared fromCache(QuantizationCache.Kept kept) {
    return new Prepared(Runners.Stored.at(kept.source()), kept.report(), "From the cache.");
  }

  private static Optional<QuantizationCache.Kept> findAgain(QuantizationCache cache, String key) {
    try {
      return cache.find(key);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Prepared keep(
      QuantizationCache cache, String key, Result result, OnnxModel model) {
    try {
      Optional<ModelSource> stored = cache.store(key, result.model(), result.report());
      if (stored.isPresent()) {
        Runners.Stored at = Runners.Stored.at(stored.get());
        return new Prepared(at, result.report(), "Kept in " + cache + ".");
      }
      return fresh(result, model, "Not kept: it is larger than the cache may be.");
    } catch (IOException | HoneException e) {
      return fresh(
          result,
          model,
          "Not kept for the next opening: the cache "
              + cache
              + " cannot be written: "
              + e.getMessage()
              + ". Name a folder that can, with Quantization.cacheFolder or the system property"
              + " hone.cache.");
    }
  }

  private static String notRead(QuantizationCache cache, IOException e) {
    return "The cache "
        + cache
        + " cannot be read: "
        + e
        + ". The work is done at each opening. Name a"
        + " folder that can, with Quantization.cacheFolder or the system property hone.cache.";
  }

  private static Prepared fresh(Result result, OnnxModel model, String note) {
    return new Prepared(Runners.stored(result.model(), model.name()), result.report(), note);
  }
}
