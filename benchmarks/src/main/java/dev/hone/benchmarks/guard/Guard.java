package dev.hone.benchmarks.guard;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Callers;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.call.CallPath;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.rivals.HoneRunner;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Three claims, measured briefly: a call against the bare binding, INT8 against FP32, shared
 * batches against none. What the suite {@code guard} asks; the others measure the same at length.
 */
public final class Guard implements Question {
  /** The figures that it finds, if nothing fails. */
  public static final List<String> FIGURES =
      List.of(
          "run.inplace.against-bare", "precision.minilm.int8.8x32", "batching.gemm-large.callers");

  private static final String RATIO = "ratio";
  private static final int CALLERS = 64;

  @Override
  public String id() {
    return "guard";
  }

  @Override
  public String words() {
    return "Do the claims still hold, roughly?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 60, 120);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    Table table = answer.add(new Table("Against what it is compared with", ratio()));
    call(effort, answer, table);
    batches(effort, answer, table);
    if (effort == Effort.SMOKE) {
      return; // to quantize takes too long for one
    }
    precision(effort, answer, table);
  }

  private static Column ratio() {
    return Column.higher(RATIO, "x").asBars();
  }

  private static void call(Effort effort, Answer answer, Table table) {
    Progress.say("a call against the bare binding");
    GemmModel model = new GemmModel(16, 32, 4);
    float[] row = model.row(1);
    String hone = CallPath.HONE_IN_PLACE.words();
    String bare = CallPath.BARE_BINDING.words();
    Samples samples =
        measure(
            answer,
            effort,
            Entrant.ours(hone, () -> CallPath.HONE_IN_PLACE.rival(model, row)),
            Entrant.theirs(bare, () -> CallPath.BARE_BINDING.rival(model, row)));
    if (samples.has(hone, bare)) {
      answer.time(FIGURES.get(0), samples, hone, bare);
      table
          .row("time of Hone's run(in, out), of the bare binding's", Entrant.Side.OURS)
          .set(RATIO, samples.timeAgainst(hone, bare));
    }
  }

  private static void precision(Effort effort, Answer answer, Table table) throws IOException {
    Progress.say("INT8 against FP32");
    Model fp32 = TextModel.MINILM.model();
    List<Batch> examples = TextModel.MINILM.examples();
    Path small = SmallModels.file("int8", fp32, Precision.INT8, Form.AUTOMATIC, examples);
    examples.forEach(Batch::close);
    String ours = "Hone: INT8";
    String base = "FP32";
    long[][] tokens = TextModel.rowsOf(8, 32, TextModel.MINILM.checks(64));
    try (Batch inputs = TextModel.batch(tokens);
        HoneRunner int8 = new HoneRunner(Session.open(Model.load(small), oneThread()));
        HoneRunner full = new HoneRunner(Session.open(fp32, oneThread()))) {
      Samples samples =
          measure(
              answer,
              effort,
              Entrant.ours(ours, () -> int8.over(inputs)),
              Entrant.theirs(base, () -> full.over(inputs)));
      answer.speed(FIGURES.get(1), samples, ours, base);
      if (samples.has(ours, base)) {
        table
            .row("speed of MiniLM in INT8, of FP32's", Entrant.Side.OURS)
            .set(RATIO, samples.speedAgainst(ours, base));
      }
    }
  }

  private static SessionOptions oneThread() {
    return SessionOptions.builder().threads(1).build();
  }

  private static void batches(Effort effort, Answer answer, Table table) {
    Progress.say("shared batches against none");
    int requests = effort.pick(16, 512, 512);
    String ours = "Hone: Batcher";
    String plain = "Session, one thread for each call";
    try (Workload workload = Workload.gemm("gemm-large", requests, 1024, 2048, 2048, 100)) {
      List<float[]> answers = workload.answers();
      Samples samples =
          measure(
              answer,
              effort,
              Entrant.ours(ours, () -> callers(shared(workload), workload, answers)),
              Entrant.theirs(plain, () -> callers(workload.open(1), workload, answers)));
      answer.speed(FIGURES.get(2), samples, ours, plain);
      if (samples.has(ours, plain)) {
        table
            .row("speed of 64 callers that share batches, of those that do not", Entrant.Side.OURS)
            .set(RATIO, samples.speedAgainst(ours, plain));
      }
    }
  }

  private static Session shared(Workload workload) {
    return Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
  }

  private static Rival callers(Session session, Workload workload, List<float[]> answers) {
    return new Callers(session, workload, answers, Callers.Manner.BLOCKING, CALLERS);
  }

  private static Samples measure(Answer answer, Effort effort, Entrant... entrants) {
    Samples samples = Interleaved.measure(List.of(entrants), effort);
    samples.failures().forEach(answer::missing);
    return samples;
  }
}
