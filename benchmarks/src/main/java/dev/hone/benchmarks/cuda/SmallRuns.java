package dev.hone.benchmarks.cuda;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.EmbeddingOutput;
import java.io.IOException;
import java.util.List;

/** Runs so small that the host is what takes the time: Hone's own share, and CUDA graphs. */
final class SmallRuns {
  private static final GemmModel SMALLEST = new GemmModel(16, 4);
  private static final int LENGTH = 32;

  private static final String OURS = "Hone: Session";
  private static final String BARE = "RunWithBinding and a wait for its end";
  private static final String PLAIN = "Hone: without CUDA graphs";
  private static final String GRAPHS = "Hone: with CUDA graphs";
  private static final String TIME = "time of one run";

  private final Site site;
  private final Effort effort;
  private final Answer answer;

  SmallRuns(Site site, Effort effort, Answer answer) {
    this.site = site;
    this.effort = effort;
    this.answer = answer;
  }

  void measure() throws IOException {
    overhead();
    graphs();
  }

  private void overhead() {
    Model model = Model.load(SMALLEST.bytes());
    float[] row = SMALLEST.row(1);
    try (Tensor in = Tensor.of(row, 1, row.length);
        Tensor out = Tensor.allocate(DataType.FLOAT32, Shape.of(1, SMALLEST.outputWidth()));
        Batch inThere = Batch.of("x", site.there(in));
        Batch outThere = Batch.of("y", site.there(out));
        Session session = site.open(model, Precision.FP32, 0)) {
      Samples samples =
          measure(
              "The smallest run, tensors on the GPU",
              Entrant.ours(
                  OURS, () -> checked(() -> session.run(inThere, outThere), outThere, row)),
              Entrant.theirs(BARE, () -> site.bare(model, inThere.tensor(0), outThere.tensor(0))));
      if (samples.has(OURS, BARE)) {
        double[] micros = samples.nanos(OURS);
        double[] bare = samples.nanos(BARE);
        for (int i = 0; i < micros.length; i++) {
          micros[i] = (micros[i] - bare[i]) / 1e3;
        }
        answer.figure("cuda.overhead", micros);
      }
    }
  }

  private Rival checked(Runnable run, Batch out, float[] row) {
    return new Rival() {
      @Override
      public void once() {
        run.run();
      }

      @Override
      public void check() {
        SMALLEST.check(row, site.back(out.tensor(0)));
      }
    };
  }

  private void graphs() throws IOException {
    Model model = TextRuns.pooled();
    long[][] tokens = TextModel.rowsOf(1, LENGTH, TextModel.MINILM.checks(4));
    try (Session plain = site.open(model, Precision.FP16, 0);
        Session graphs = site.open(model, Precision.FP16, 1);
        Batch in = TextModel.batch(tokens);
        Batch out =
            Batch.of(
                EmbeddingOutput.NAME,
                Tensor.allocate(DataType.FLOAT32, Shape.of(1, TextModel.WIDTH)))) {
      Samples samples =
          measure(
              "MiniLM, one text of " + LENGTH + " tokens, tensors of Java",
              Entrant.ours(PLAIN, () -> () -> plain.run(in, out)),
              Entrant.ours(GRAPHS, () -> () -> graphs.run(in, out)));
      site.requireReplays(graphs);
      answer.time("cuda.graph", samples, GRAPHS, PLAIN);
    }
  }

  private Samples measure(String title, Entrant... entrants) {
    Samples samples = Interleaved.measure(List.of(entrants), effort);
    samples.failures().forEach(answer::missing);
    Table table = answer.add(new Table(title, Column.lower(TIME, "ns").asBars()));
    for (Entrant entrant : entrants) {
      if (samples.has(entrant.name())) {
        Side side = entrant.side();
        table.row(entrant.name(), side).set(TIME, samples.nanos(entrant.name()));
      }
    }
    return samples;
  }
}
