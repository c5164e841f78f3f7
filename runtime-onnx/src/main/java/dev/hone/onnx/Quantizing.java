package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Signature;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.QuantizationReport.Speed;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.check.ExampleCheck;
import dev.hone.onnx.check.Examples;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.CpuPolicy;
import dev.hone.onnx.quantize.HalfRounding;
import dev.hone.onnx.quantize.NodeChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings one model to one precision: runs the passes, compares what comes out with the original,
 * leaves the weakest nodes as they were until the floors hold, and refuses what falls short.
 */
final class Quantizing {
  private static final int MOST_DRAFTS = 6;
  private static final int MADE_UP_BATCHES = 4;
  private static final double TIMING = 0.9;
  private static final long LARGE_BYTES = 256L << 20;
  private static final String METADATA_KEY = "hone.precision";

  private final OnnxModel original;
  private final Precision precision;
  private final Device.Kind device;
  private final Quantization options;
  private final Passes passes;
  private final int threads;
  private final boolean calibrated;
  private final Advance advance;
  private final CpuPolicy policy = CpuPolicy.here();
  private final long startNanos = System.nanoTime();

  Quantizing(OnnxModel original, SessionOptions asked, Passes passes) {
    this.original = original;
    this.precision = asked.precision();
    this.device = asked.device().kind();
    this.options = OnnxSession.onnxOptions(asked).quantization();
    this.passes = passes;
    this.threads = OnnxSession.threads(asked);
    this.calibrated = asked.calibration().isPresent();
    this.advance = new Advance(options.progress());
  }

  /** The name of the precision that this library brought a model to; empty if it did not. */
  static Optional<String> madeAs(ModelData model) {
    return Optional.ofNullable(model.metadata().get(METADATA_KEY));
  }

  /** A result that was taken. */
  record Result(ModelData model, QuantizationReport report) {}

  /**
   * Does the work on data that was looked at.
   *
   * @throws QuantizationException if the result is refused
   */
  Result run(
      @Nullable Iterable<Batch> calibration, @Nullable Iterable<Batch> checks, Looked looked) {
    advance.to("opening the original", 0);
    try (ModelRunner runner = Runners.open(original, threads)) {
      List<Batch> madeUp =
          calibration == null && checks == null
              ? MadeUp.of(original.data(), runner, MADE_UP_BATCHES)
              : List.of();
      try (Examples examples = examples(original.signature(), calibration, checks, looked, madeUp);
          Comparison comparison =
              new Comparison(runner, examples.check(), !madeUp.isEmpty(), threads)) {
        return run(calibration == null ? null : examples.learn(), examples, comparison);
      } finally {
        madeUp.forEach(Batch::close);
      }
    }
  }

  /**
   * What was found out about the data.
   *
   * @param calibration null where there is none
   * @param checks null where there are none
   */
  record Looked(@Nullable ExampleCheck calibration, @Nullable ExampleCheck checks) {
    String digest() {
      return (calibration == null ? "" : calibration.digest())
          + " "
          + (checks == null ? "" : checks.digest());
    }
  }

  private static Examples examples(
      Signature signature,
      @Nullable Iterable<Batch> calibration,
      @Nullable Iterable<Batch> checks,
      Looked looked,
      List<Batch> madeUp) {
    ExampleCheck learnt = looked.calibration();
    ExampleCheck checked = looked.checks();
    if (checks != null && checked != null) {
      Iterable<Batch> learn = calibration == null ? List.of() : calibration;
      return Examples.of(
          learn, learnt == null ? 0 : learnt.totalRows(), checks, checked.totalRows());
    }
    if (calibration != null && learnt != null) {
      return Examples.divide(calibration, learnt.rows(), signature);
    }
    return Examples.of(List.of(), 0, madeUp, madeUp.stream().mapToLong(Examples::rowsOf).sum());
  }

  private Result run(
      @Nullable Iterable<Batch> calibration, Examples examples, Comparison comparison) {
    ModelRunner.Opener opener = Runners.opener(threads, policy.sessionConfiguration());
    Passes.Drafts drafts = begin(calibration, opener);
    Set<String> spared = new HashSet<>();
    Missed missed = null;
    for (int count = 1; ; count++) {
      Draft draft = draft(drafts, spared, missed);
      advance.attempt(TIMING).at("comparing answers", 0);
      try (ModelRunner smaller = opener.open(toCompare(draft))) {
        Optional<Fidelity> fidelity =
            examples.checkRows() == 0 ? Optional.empty() : comparison.fidelity(smaller);
        List<String> notes = notes(draft, fidelity, comparison.reshaped());
        if (examples.areTheSame()) {
          notes.add(
              "Compared on the rows that ranges were learned from, for want of others: bring"
                  + " SessionOptions.checks, or more calibration rows.");
        }
        Floors floors = Floors.of(draft.precision(), options, isForSpeed(draft));
        boolean near =
            options.evenIfWorse() || fidelity.isEmpty() || floors.isMetBy(fidelity.get());
        if (near || count == MOST_DRAFTS || !spareMore(drafts, spared)) {
          advance.to("timing", TIMING);
          Optional<Speed> speed =
              isForElsewhere(draft) ? Optional.empty() : comparison.speed(smaller);
          QuantizationReport report =
              report(draft, fidelity, speed, learnt(draft, examples), notes);
          floors.check(report, options);
          advance.to("done", 1);
          return new Result(draft.model(), report);
        }
        missed =
            new Missed(
                report(draft, fidelity, Optional.empty(), learnt(draft, examples), notes), floors);
      }
    }
  }

  /** What a draft that was not near enough had become, and what it fell short of. */
  private record Missed(QuantizationReport report, Floors floors) {}

  private Passes.Drafts begin(@Nullable Iterable<Batch> calibration, ModelRunner.Opener opener) {
    return passes.begin(
        new Passes.Task(
            original.data(),
            precision,
            device,
            options,
            calibration,
            opener,
            advance.attempt(TIMING)));
  }

  private Draft draft(Passes.Drafts drafts, Set<String> spared, @Nullable Missed missed) {
    if (original.data().parameterBytes() >= LARGE_BYTES) {
      System.gc(); // what a draft weighs is off the heap, which fills up too slowly to tell of it
    }
    Draft draft = drafts.sparing(Set.copyOf(spared));
    if (!draft.changesAnything()) {
      if (missed != null) { // the floors are what nothing is left of it for
        missed.floors.check(missed.report, options);
      }
      throw nothingChanged(draft);
    }
    draft.model().putMetadata(METADATA_KEY, precision.name());
    return draft;
  }

  /** Doubles what is spared, the weakest first. */
  private static boolean spareMore(Passes.Drafts drafts, Set<String> spared) {
    int more = Math.max(1, spared.size());
    List<String> next =
        drafts.sensitive().stream().filter(node -> !spared.contains(node)).limit(more).toList();
    return spared.addAll(next);
  }

  /** Only fixed scales are learned. */
  private static long learnt(Draft draft, Examples examples) {
    boolean fixed = draft.choices().stream().anyMatch(choice -> choice.form().isStatic());
    return fixed ? examples.learnRows() : 0;
  }

  /** What computes in half precision is for a GPU: how long it takes here says nothing. */
  private static boolean isForElsewhere(Draft draft) {
    return draft.precision() == Precision.FP16;
  }

  private static ModelData toCompare(Draft draft) {
    return isForElsewhere(draft) ? HalfRounding.of(draft.model()) : draft.model();
  }

  private static boolean isForSpeed(Draft draft) {
    return draft.choices().stream()
        .map(NodeChoice::form)
        .anyMatch(form -> form.isStatic() || form == NodeChoice.Form.DYNAMIC_INT8);
  }

  private QuantizationException nothingChanged(Draft draft) {
    String why =
        draft.choices().stream()
            .findFirst()
            .map(
                choice ->
                    choice.operator() + " '" + choice.node() + "' was left: " + choice.reason())
            .orElse("");
    String convolutions =
        "Its convolutions stay in FP32 where there is no calibration, for they would be slower. Give"
            + " examples of real inputs, about a hundred, with SessionOptions.calibration, or open it"
            + " as it is, with Precision.FP32.";
    String half =
        "Its weights are in FP16, which are not rounded further: quantize the original in FP32, or"
            + " open it as it is, with Precision.FP32.";
    String rest =
        waitsForCalibration()
            ? convolutions
            : passes.isHalf(original.data(), Device.Kind.CPU)
                ? half
                : (why.isEmpty() ? "It has no weights that a pass knows. " : "")
                    + "Open it as it is, with Precision.FP32.";
    return new QuantizationException(
        "At "
            + precision
            + " there is nothing to make smaller in '"
            + original.name()
            + "'. "
            + (why.isEmpty() ? "" : why + " ")
            + rest,
        null);
  }

  /** Whether there is something that only fixed scales make faster. */
  private boolean waitsForCalibration() {
    return precision == Precision.INT8
        && !calibrated
        && options.form() == Quantization.Form.AUTOMATIC
        && original.data().graph().nodes("Conv").stream()
            .anyMatch(conv -> original.data().graph().constant(conv.input(1)) != null);
  }

  private QuantizationReport report(
      Draft draft,
      Optional<Fidelity> fidelity,
      Optional<Speed> speed,
      long calibrationRows,
      List<String> notes) {
    return new QuantizationReport(
        original.name(),
        precision,
        draft.precision(),
        draft.form(),
        byteSize(original),
        draft.model().byteSize(),
        draft.choices().stream()
            .map(
                choice ->
                    new QuantizationReport.Node(
                        choice.node(),
                        choice.operator(),
                        choice.form().name(),
                        choice.reason(),
                        choice.signalToNoiseDb(),
                        choice.outputDb()))
            .toList(),
        draft.fusions(),
        calibrationRows,
        fidelity,
        speed,
        policy.explanation(),
        (System.nanoTime() - startNanos) / 1e9,
        notes);
  }

  private static List<String> notes(
      Draft draft, Optional<Fidelity> fidelity, Optional<String> reshaped) {
    List<String> notes = new ArrayList<>(draft.notes());
    reshaped.ifPresent(notes::add);
    if (fidelity.isEmpty()) {
      notes.add(
          "Nothing was compared with the original, for want of answers to compare: bring rows with"
              + " SessionOptions.checks that it gives some for.");
    } else if (fidelity.get().madeUp()) {
      notes.add(
          "Compared on made-up inputs only. With SessionOptions.calibration the result is checked"
              + " on real ones, and can be faster and closer.");
    }
    return notes;
  }

  private static long byteSize(OnnxModel model) {
    try {
      long bytes =
          model.source() instanceof ModelSource.OfFile file
              ? Files.size(file.path())
              : ((ModelSource.OfBytes) model.source()).bytes().remaining();
      for (Path file : model.data().externalFiles()) {
        bytes += Files.size(file);
      }
      return bytes;
    } catch (IOException e) {
      throw new HoneException(
          "The file of the model '" + model.name() + "' cannot be read any more: " + e, e);
    }
  }
}
