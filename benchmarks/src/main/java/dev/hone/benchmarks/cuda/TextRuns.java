package dev.hone.benchmarks.cuda;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.precision.Fidelity;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.EmbeddingOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * MiniLM with its pooling in the model, in FP16: where its tensors stay on the GPU, where they come
 * from Java and go back, and beside the processor of the same machine.
 */
final class TextRuns {
  /** As many as a lane has slots: one run computes while the other is copied. */
  private static final int CALLERS = 2;

  private static final String ONE = "Hone: tensors on the GPU, one caller";
  private static final String THERE = "Hone: tensors on the GPU, two callers";
  private static final String JAVA = "Hone: tensors of Java, two callers";
  private static final String CPU = "Hone on the processor, FP32, one caller";

  private static final String TIME = "time of a batch";
  private static final String RATE = "texts per second";

  private final Site site;
  private final Effort effort;
  private final Answer answer;
  private final int rows;
  private final Model model;

  TextRuns(Site site, Effort effort, Answer answer) {
    this.site = site;
    this.effort = effort;
    this.answer = answer;
    this.rows = effort.pick(2, 32, 32);
    this.model = pooled();
  }

  /** MiniLM that gives one vector a text. */
  static Model pooled() {
    Model model = TextModel.MINILM.model();
    return EmbeddingOutput.of(model, model.signature().outputNames().get(0), "attention_mask");
  }

  void measure() throws IOException {
    int processors = Runtime.getRuntime().availableProcessors();
    try (Session gpu = site.open(model, Precision.FP16, 0);
        Session cpu = Session.open(model, SmallModels.fused(processors))) {
      fidelity(gpu, cpu);
      speed(gpu, cpu);
    }
  }

  private void fidelity(Session gpu, Session cpu) throws IOException {
    long[][] texts = TextModel.MINILM.checks(effort.pick(4, 100, 100));
    float[][] vectors = new float[texts.length][];
    float[][] exact = new float[texts.length][];
    for (int i = 0; i < texts.length; i++) {
      try (Batch in = TextModel.batch(new long[][] {texts[i]});
          Batch out = gpu.run(in);
          Batch reference = cpu.run(in)) {
        vectors[i] = out.get(EmbeddingOutput.NAME).toFloatArray();
        exact[i] = reference.get(EmbeddingOutput.NAME).toFloatArray();
      }
    }
    answer.figure("cuda.minilm.cosine", Fidelity.of(exact, vectors).meanCosine());
  }

  private void speed(Session gpu, Session cpu) throws IOException {
    long[][] tokens =
        TextModel.rowsOf(rows, TextModel.CUT, TextModel.MINILM.checks(Math.max(4, rows)));
    Supplier<Runs.Pair> there = () -> there(tokens);
    Supplier<Runs.Pair> java = () -> new Runs.Pair(TextModel.batch(tokens), output());
    Samples samples =
        Interleaved.measure(
            List.of(
                Entrant.ours(ONE, () -> new Runs(gpu, there, 1)),
                Entrant.ours(THERE, () -> new Runs(gpu, there, CALLERS)),
                Entrant.ours(JAVA, () -> new Runs(gpu, java, CALLERS)),
                Entrant.theirs(CPU, () -> new Runs(cpu, java, 1))),
            effort);
    samples.failures().forEach(answer::missing);
    Table table =
        answer.add(
            new Table(
                "MiniLM, " + rows + " texts of " + TextModel.CUT + " tokens",
                Column.lower(TIME, "ms").asBars(),
                Column.higher(RATE, "")));
    for (String name : List.of(ONE, THERE, JAVA, CPU)) {
      if (samples.has(name)) {
        double[] batches = batches(samples, name);
        table
            .row(name, name.equals(CPU) ? Side.THEIRS : Side.OURS)
            .set(TIME, Arrays.stream(batches).map(nanos -> nanos / 1e6).toArray())
            .set(RATE, Arrays.stream(batches).map(nanos -> rows * 1e9 / nanos).toArray());
      }
    }
    figures(samples);
  }

  private void figures(Samples samples) {
    if (samples.has(ONE)) {
      double[] one = batches(samples, ONE);
      answer.figure("cuda.minilm.run", Arrays.stream(one).map(nanos -> nanos / 1e6).toArray());
    }
    if (samples.has(JAVA, THERE)) {
      double[] shares = samples.speedAgainst(JAVA, THERE);
      answer.figure("cuda.minilm.java", Arrays.stream(shares).map(share -> 100 * share).toArray());
    }
    if (samples.has(JAVA, CPU)) {
      double[] ratios = batches(samples, CPU);
      double[] java = batches(samples, JAVA);
      for (int i = 0; i < ratios.length; i++) {
        ratios[i] /= java[i];
      }
      answer.figure("cuda.minilm.cpu", ratios);
    }
  }

  /** The nanoseconds of one batch, round by round. */
  private static double[] batches(Samples samples, String name) {
    int callers = name.equals(THERE) || name.equals(JAVA) ? CALLERS : 1;
    return Arrays.stream(samples.nanos(name)).map(nanos -> nanos / (callers * Runs.EACH)).toArray();
  }

  private Runs.Pair there(long[][] tokens) {
    try (Batch host = TextModel.batch(tokens);
        Batch out = output()) {
      Batch in = there(host);
      try {
        return new Runs.Pair(in, there(out));
      } catch (RuntimeException | Error e) {
        in.close();
        throw e;
      }
    }
  }

  private Batch there(Batch host) {
    List<Tensor> tensors = new ArrayList<>();
    try {
      host.names().forEach(name -> tensors.add(site.there(host.get(name))));
      return Batch.of(host.names(), tensors);
    } catch (RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      throw e;
    }
  }

  private Batch output() {
    Tensor tensor = Tensor.allocate(DataType.FLOAT32, Shape.of(rows, TextModel.WIDTH));
    return Batch.of(EmbeddingOutput.NAME, tensor);
  }
}
