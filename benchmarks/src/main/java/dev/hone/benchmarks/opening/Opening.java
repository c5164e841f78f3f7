package dev.hone.benchmarks.opening;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
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
import dev.hone.benchmarks.rivals.JavaApiRunner;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** How long opening MiniLM takes, from the file and from the cache, and what stays in memory. */
public final class Opening implements Question {
  private static final String THEIRS = "ONNX Runtime's Java API: FP32";
  private static final String FP32 = "Hone: FP32";
  private static final String INT8 = "Hone: INT8, a ready file";
  private static final String CACHED = "Hone: INT8, from the cache";

  private static final String TIME = "time to open";
  private static final String MEMORY = "growth of the process, opened and run";

  private static final int OPENING_HEAP_MB = 64;
  private static final int QUANTIZING_HEAP_MB = 256;

  @Override
  public String id() {
    return "opening";
  }

  @Override
  public String words() {
    return "What does it take to open a model? (MiniLM)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(3, 25, 120);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws Exception {
    Path full = unpacked();
    List<Entrant> entrants = new ArrayList<>();
    entrants.add(
        Entrant.theirs(
            THEIRS, () -> () -> new JavaApiRunner(ModelSource.of(full), cores()).close()));
    entrants.add(Entrant.ours(FP32, () -> () -> Session.open(full).close()));
    List<Batch> examples = effort == Effort.SMOKE ? List.of() : TextModel.MINILM.examples();
    if (effort != Effort.SMOKE) {
      entrants.add(Entrant.ours(INT8, () -> opening(small(examples))));
      SessionOptions options = SmallModels.options(Precision.INT8, Form.AUTOMATIC, examples);
      entrants.add(Entrant.ours(CACHED, () -> cached(full, options)));
    }
    Samples samples = Interleaved.measure(entrants, effort);
    samples.failures().forEach(answer::missing);
    answer.time("precision.minilm.cached-opening", samples, CACHED, INT8);
    Table table =
        answer.add(
            new Table(
                "Opening MiniLM",
                Column.lower(TIME, "ms").asBars(),
                Column.lower(MEMORY, "MB").asBars()));
    for (Entrant entrant : entrants) {
      if (samples.has(entrant.name())) {
        double[] nanos = samples.nanos(entrant.name());
        table
            .row(entrant.name(), entrant.side())
            .set(TIME, Arrays.stream(nanos).map(value -> value / 1e6).toArray());
      }
    }
    if (effort != Effort.SMOKE) {
      memory(answer, table, full, small(examples));
    }
    examples.forEach(Batch::close);
  }

  private static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  private static Rival opening(Path file) {
    return () -> Session.open(file).close();
  }

  /** Opens from the cache; the first opening, which fills it, is no part of what is measured. */
  private static Rival cached(Path file, SessionOptions options) {
    Session.open(file, options).close();
    return () -> Session.open(file, options).close();
  }

  private static Path small(List<Batch> examples) throws IOException {
    return SmallModels.file(
        "int8", TextModel.MINILM.model(), Precision.INT8, Form.AUTOMATIC, examples);
  }

  private static Path unpacked() throws IOException {
    Path file = SmallModels.folder().resolve("minilm-fp32.onnx");
    if (!Files.exists(file)) {
      Files.createDirectories(SmallModels.folder());
      Path half = file.resolveSibling("minilm-fp32.part");
      String resource = "/all-minilm-l6-v2.onnx";
      try (InputStream in = Objects.requireNonNull(Opening.class.getResourceAsStream(resource))) {
        Files.copy(in, half, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  /** By processes of their own, with as little Java heap as is promised to be enough. */
  private static void memory(Answer answer, Table table, Path full, Path small)
      throws InterruptedException {
    grown(answer, table, THEIRS, "java-api", full);
    if (grown(answer, table, FP32, "hone", full)) {
      answer.figure("memory.minilm.heap", OPENING_HEAP_MB);
    }
    grown(answer, table, INT8, "hone", small);
    Progress.say("quantizing with a small heap");
    try {
      MemoryProcess.Took took = MemoryProcess.start(QUANTIZING_HEAP_MB, "quantize", full);
      answer.figure("precision.minilm.quantize.time", took.amount());
      answer.figure("precision.minilm.quantize.heap", took.peakHeapMegabytes());
    } catch (IOException e) {
      answer.failed("quantizing MiniLM", e);
    }
  }

  private static boolean grown(Answer answer, Table table, String name, String program, Path file)
      throws InterruptedException {
    try {
      double megabytes = MemoryProcess.start(OPENING_HEAP_MB, program, file).amount();
      table.rows().stream()
          .filter(row -> row.label().equals(name))
          .forEach(row -> row.set(MEMORY, megabytes));
      return true;
    } catch (IOException e) {
      answer.failed(name + ", memory", e);
      return false;
    }
  }
}
