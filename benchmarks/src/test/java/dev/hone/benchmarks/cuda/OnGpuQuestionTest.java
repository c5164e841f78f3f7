package dev.hone.benchmarks.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.benchmarks.ledger.Figure;
import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Table;
import dev.hone.cuda.CudaReport;
import dev.hone.cuda.CudaStatus;
import dev.hone.memory.LeakDetection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That the question is complete and measures what it says; its numbers mean nothing here. */
class OnGpuQuestionTest {
  private static final CudaReport READY =
      new CudaReport(
          new CudaStatus.Ready("580.95", List.of("a processor")),
          List.of(),
          List.of("GPU: a processor"));

  private final List<String> opened = new ArrayList<>();

  private Answer ask(OnGpu question) {
    Answer answer = new Answer(question);
    question.ask(Effort.SMOKE, answer);
    return answer;
  }

  @Test
  void everyFigureOfAGpuIsMeasuredAndNoOther() {
    Answer answer = ask(new OnGpu(() -> READY, Processor::new));
    assertThat(answer.missing()).isEmpty();
    assertThat(answer.figures().keySet())
        .containsExactlyInAnyOrderElementsOf(
            Figures.all().stream()
                .filter(figure -> figure.area().equals("cuda"))
                .map(Figure::id)
                .toList());
    assertThat(answer.figures())
        .hasEntrySatisfying(
            "cuda.minilm.cosine", v -> assertThat(v.estimate().value()).isGreaterThan(0.9999));
    assertThat(answer.tables()).hasSize(4).flatMap(Table::rows).hasSize(9);
    assertThat(answer.notes()).anyMatch(note -> note.contains("GPU: a processor"));
    assertThat(opened).containsExactlyInAnyOrder("FP16 0", "FP32 0", "FP16 0", "FP16 1", "FP16 0");
  }

  @Test
  void withoutAGpuItSaysWhatIsInTheWayAndMeasuresNothing() {
    CudaStatus status = new CudaStatus.NoGpu();
    CudaReport report = new CudaReport(status, List.of(status), List.of());
    Answer answer =
        ask(
            new OnGpu(
                () -> report,
                () -> {
                  throw new AssertionError("There is no GPU.");
                }));
    assertThat(answer.figures()).isEmpty();
    assertThat(answer.missing())
        .singleElement()
        .asString()
        .contains("what a GPU gives", status.text(), status.remedy());
  }

  @Test
  void librariesWithoutTheirFunctionsAreToldAndEndNoSuite() {
    Answer answer =
        ask(
            new OnGpu(
                () -> READY,
                () -> {
                  throw new UnsatisfiedLinkError("no cudart");
                }));
    assertThat(answer.missing()).singleElement().asString().contains("a GPU gives", "no cudart");
    Answer part =
        ask(
            new OnGpu(
                () -> READY,
                () ->
                    new Processor() {
                      @Override
                      public Session open(Model model, Precision precision, int graphShapes) {
                        throw new NoClassDefFoundError("no bindings");
                      }
                    }));
    assertThat(part.missing()).hasSize(3).allMatch(line -> line.contains("no bindings"));
  }

  /** One of the inputs, the output, and an input of the second caller. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 6})
  void tensorsForWhichThereIsNoMemoryLeaveNoOthersBehind(int failing) throws IOException {
    long before = notClosed();
    AtomicInteger made = new AtomicInteger();
    Site site =
        new Processor() {
          @Override
          public Tensor there(Tensor host) {
            if (made.incrementAndGet() % failing == 0) {
              throw new IllegalStateException("no memory there");
            }
            return super.there(host);
          }
        };
    Answer answer = new Answer(new OnGpu(() -> READY, () -> site));
    new TextRuns(site, Effort.SMOKE, answer).measure();
    assertThat(answer.missing()).isNotEmpty().allMatch(line -> line.contains("no memory there"));
    assertThat(notClosed()).isEqualTo(before);
  }

  /** What is open, and what was forgotten before: the collector changes neither's sum. */
  private static long notClosed() {
    long leaks;
    long all;
    do {
      leaks = LeakDetection.leaks();
      all = leaks + LeakDetection.open();
    } while (leaks != LeakDetection.leaks()); // one that was found meanwhile
    return all;
  }

  @Test
  void aPartThatFailsCostsItsOwnFiguresAndIsTold() {
    Answer answer =
        ask(
            new OnGpu(
                () -> READY,
                () ->
                    new Processor() {
                      @Override
                      public void requireReplays(Session session) {
                        throw new IllegalStateException("No run was the replay of a graph.");
                      }
                    }));
    assertThat(answer.missing())
        .singleElement()
        .asString()
        .contains("small runs on a GPU", "No run was the replay");
    assertThat(answer.figures())
        .containsKeys("cuda.minilm.run", "cuda.memory.growth")
        .doesNotContainKey("cuda.graph");
  }

  /** The processor in place of a GPU: "there" is here. */
  private class Processor implements Site {
    @Override
    public Session open(Model model, Precision precision, int graphShapes) {
      opened.add(precision + " " + graphShapes);
      return Session.open(model, SessionOptions.builder().threads(1).build());
    }

    @Override
    public Tensor there(Tensor host) {
      Tensor copy = Tensor.allocate(host.type(), host.shape());
      copy.copyFrom(host);
      return copy;
    }

    @Override
    public float[] back(Tensor there) {
      return there.toFloatArray();
    }

    @Override
    public Rival bare(Model model, Tensor in, Tensor out) {
      return new BareRun(
          model,
          Map.of(),
          0,
          new BareRun.Bound(in, in.memory().address(), out, out.memory().address()),
          () -> {},
          () -> {});
    }

    @Override
    public void requireReplays(Session session) {}

    @Override
    public long usedBytes() {
      return 1 << 30;
    }

    @Override
    public void close() {}
  }
}
