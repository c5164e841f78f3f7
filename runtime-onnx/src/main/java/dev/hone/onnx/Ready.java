package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.quantize.CpuFeatures;
import dev.hone.onnx.quantize.CpuFeatures.Architecture;
import dev.hone.onnx.quantize.CpuPolicy;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model in the form in which a session opens it.
 *
 * @param stored where it is
 * @param precision the numbers it computes with
 * @param config entries that a session of it needs on this processor
 * @param notes what was done, and why
 */
record Ready(
    Runners.Stored stored, Precision precision, Map<String, String> config, List<String> notes) {
  private static final String FAST_BF16 = "mlas.enable_gemm_fastmath_arm64_bfloat16";

  Ready {
    config = Map.copyOf(config);
    notes = List.copyOf(notes);
  }

  /** Whether its file, unless it was this session's own, is not there any more. */
  boolean isGone() {
    return stored.folder() == null
        && stored.source() instanceof ModelSource.OfFile file
        && !Files.exists(file.path());
  }

  /** Brings a model to the precision that the options ask for. */
  static Ready of(OnnxModel model, SessionOptions options, Passes passes) {
    Precision asked = options.precision();
    Optional<Passes.Quantized> already = passes.quantizedAs(model.data());
    if (already.isPresent()) {
      return asItIs(model, already.get(), asked);
    }
    Device.Kind device = options.device().kind();
    boolean floats =
        asked == Precision.FP16 || (asked == Precision.FP32 && device == Device.Kind.CUDA);
    if (floats && passes.isHalf(model.data(), device)) {
      return halfAsItIs(model, device);
    }
    return switch (asked) {
      case FP32 -> fp32(model, options);
      case BF16 -> bf16(model, CpuFeatures.here());
      case FP16, INT8, INT4 -> quantized(Quantizer.prepare(model, options, passes));
    };
  }

  private static Ready fp32(OnnxModel model, SessionOptions options) {
    List<String> notes = new ArrayList<>();
    if (options.calibration().isPresent()) {
      notes.add(
          "The calibration batches were not used, for nothing is learned from them at FP32: ask for"
              + " another precision, for example Precision.INT8.");
    }
    if (!OnnxSession.onnxOptions(options).fuse()) {
      return new Ready(Runners.stored(model), Precision.FP32, Map.of(), notes);
    }
    Groundwork work = Groundwork.of(model.data(), FusionOptions.EXACT);
    work.fusions().forEach((kind, count) -> notes.add("fused " + count + " " + kind));
    notes.addAll(work.notes());
    return new Ready(Runners.stored(work.model(), model.name()), Precision.FP32, Map.of(), notes);
  }

  /** Others may have quantized it for another processor. */
  private static Ready asItIs(OnnxModel model, Passes.Quantized quantized, Precision asked) {
    CpuPolicy policy = CpuPolicy.here();
    Precision already = quantized.made();
    List<String> notes = new ArrayList<>();
    if (asked != Precision.FP32 && asked != already) {
      notes.add(
          asked
              + " was asked for, but the file is quantized already, to "
              + already
              + ": it runs as it is. Quantize the original instead.");
    } else {
      notes.add("The file is quantized already, to " + already + ": it runs as it is.");
    }
    notes.add(policy.explanation());
    return new Ready(
        Runners.stored(model), quantized.computes(), policy.sessionConfiguration(), notes);
  }

  private static Ready halfAsItIs(OnnxModel model, Device.Kind device) {
    boolean gpu = device == Device.Kind.CUDA;
    String note =
        gpu
            ? "The file computes in FP16 already: it runs as it is."
            : "The file is in FP16 already: it runs as it is, and computes in FP32, for processors of"
                + " this kind are slower with FP16.";
    Precision precision = gpu ? Precision.FP16 : Precision.FP32;
    return new Ready(Runners.stored(model), precision, Map.of(), List.of(note));
  }

  private static Ready quantized(Quantizer.Prepared prepared) {
    QuantizationReport report = prepared.report();
    List<String> notes = new ArrayList<>(report.summary());
    notes.add(report.processor());
    notes.addAll(report.notes());
    if (!prepared.note().isEmpty()) {
      notes.add(prepared.note());
    }
    return new Ready(
        prepared.stored(), report.precision(), CpuPolicy.here().sessionConfiguration(), notes);
  }

  static Ready bf16(OnnxModel model, CpuFeatures cpu) {
    if (cpu.architecture() != Architecture.ARM64 || cpu.has("bf16") == CpuFeatures.Answer.NO) {
      throw new QuantizationException(
          "BF16 needs a processor whose matrix kernels multiply it, ARM64 with the bf16 feature, but"
              + " this is "
              + cpu.summary()
              + ": here it would be slower than FP32. Ask for INT8, or for FP32.",
          null);
    }
    return new Ready(
        Runners.stored(model),
        Precision.BF16,
        Map.of(FAST_BF16, "1"),
        List.of("Products of matrices are computed in BF16 and added up in FP32."));
  }
}
