package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.benchmarks.inputs.Lines;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether sharing batches ever costs something: the other models of the suite, with few callers and
 * with many.
 */
public final class OtherModels implements Question {
  private static final int EXAMPLES = 64;

  /** Opens a workload; may fail. */
  private interface Source {
    Workload open() throws IOException;
  }

  @Override
  public String id() {
    return "models";
  }

  @Override
  public String words() {
    return "Does sharing ever cost something? (BGE, PP-OCR, digits)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 240, 600);
  }

  /** Six more models take a third of what the whole short suite may. */
  @Override
  public boolean belongsTo(Effort suite) {
    return suite == Effort.FULL;
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    Lowest worst = new Lowest("batching.worst.others");
    AgainstUnbatched against = new AgainstUnbatched(effort, answer, worst);
    Measuring measuring = new Measuring(against, worst, answer);
    int many = effort.pick(64, 16_384, 32_768);
    int some = effort.pick(8, 512, 512);
    int few = effort.pick(8, 128, 128);
    measuring.one("digits", () -> Workload.digits(many));
    measuring.one("PP-OCR orientation", () -> Workload.turnedLines(some));
    if (effort != Effort.SMOKE) {
      List<Batch> examples = Lines.examples(EXAMPLES, Lines.READ_WIDTH, false);
      Path lines = Workload.smallFile("PP-OCR INT8", Lines.recognition(), examples, answer);
      measuring.both("PP-OCR recognition", () -> Workload.lines(few), lines);
      Path texts = Workload.smallFile(TextModel.BGE, answer);
      measuring.both("BGE", () -> Workload.mixedTexts(TextModel.BGE, few), texts);
    }
    worst.enterInto(answer);
  }

  private record Measuring(AgainstUnbatched against, Lowest worst, Answer answer) {
    void one(String words, Source source) {
      try (Workload workload = source.open()) {
        against.measure(workload, callers -> List.of());
      } catch (IOException | RuntimeException | Error e) { // without a font, say
        worst.failed(words);
        answer.failed(words, e);
      }
    }

    /** As it is, and made small; without a file of the latter, there is no worst of all. */
    void both(String words, Source source, @Nullable Path small) {
      one(words, source);
      if (small == null) {
        worst.failed(words + " INT8");
      } else {
        one(words + " INT8", () -> source.open().small(small));
      }
    }
  }
}
