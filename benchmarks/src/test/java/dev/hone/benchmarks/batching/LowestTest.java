package dev.hone.benchmarks.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Values;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LowestTest {
  private final Answer answer = new Answer(new ManyCallers());
  private final Lowest worst = new Lowest("batching.worst");

  @Test
  void theLowestIsTheFigure() {
    worst.add(1.5, 1.6, 1.7);
    worst.add(1.1, 1.2, 9);
    worst.add(1.3);
    worst.enterInto(answer);
    Values expected = Values.of(1.1, 1.2, 9);
    assertThat(answer.figures())
        .usingRecursiveComparison()
        .isEqualTo(Map.of("batching.worst", expected));
    assertThat(answer.missing()).isEmpty();
  }

  @Test
  void oneThatFailedMightHaveBeenTheLowest() {
    worst.add(1.5);
    worst.failed("Gemm 1-2-3, 8 callers");
    worst.failed("MiniLM INT8");
    worst.enterInto(answer);
    assertThat(answer.figures()).isEmpty();
    assertThat(answer.missing())
        .containsExactly(
            "the figure batching.worst: it is the worst of several, and these failed: Gemm 1-2-3, 8"
                + " callers; MiniLM INT8");
  }

  @Test
  void ofNothingThereIsNoFigure() {
    worst.enterInto(answer);
    assertThat(answer.figures()).isEmpty();
    assertThat(answer.missing()).isEmpty();
  }

  /** Of ours and theirs: who is not there cannot have lost. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Session as it opens by default",
        "Session, one thread for each call",
        "Hone: Batcher"
      })
  void aComparisonOfWhichOneFailedIsNone(String failing) {
    AgainstUnbatched.compare(samples(""), worst, "the first");
    AgainstUnbatched.compare(samples(failing), worst, "the second");
    worst.enterInto(answer);
    assertThat(answer.figures()).isEmpty();
    assertThat(answer.missing()).hasSize(1).first().asString().endsWith("failed: the second");
  }

  private static Samples samples(String failing) {
    return Interleaved.measure(
        List.of(
            entrant("Session as it opens by default", failing),
            entrant("Session, one thread for each call", failing),
            entrant("Hone: Batcher", failing)),
        Effort.SMOKE);
  }

  private static Entrant entrant(String name, String failing) {
    Rival rival =
        () -> {
          if (name.equals(failing)) {
            throw new IllegalStateException("It fails.");
          }
        };
    return Entrant.theirs(name, () -> rival);
  }
}
