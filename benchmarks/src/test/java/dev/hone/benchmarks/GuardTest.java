package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.benchmarks.guard.Guard;
import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Machine;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.report.RunRecord;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardTest {
  private static RunRecord run(Answer answer) {
    return new RunRecord(
        "2026-11-24 12:00",
        "guard",
        1,
        Machine.here(Map.of()),
        0,
        0,
        List.of(answer),
        answer.missing());
  }

  /**
   * By real work in this thread and its processor time, so that other programs do not disturb it:
   * the call is made so many times as long as it may be.
   */
  private static Answer planted(double slowdown) {
    Samples samples =
        Interleaved.measure(
            List.of(
                Entrant.ours("ours", () -> () -> spin((long) (200_000 * 1.13 * slowdown))),
                Entrant.theirs("bare", () -> () -> spin(200_000))),
            Effort.GUARD,
            ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
    Answer answer = new Answer(new Guard());
    answer.time("run.inplace.against-bare", samples, "ours", "bare");
    return answer;
  }

  private static volatile long sink;

  private static void spin(long steps) {
    long value = sink;
    for (long i = 0; i < steps; i++) {
      value = value * 6364136223846793005L + 1442695040888963407L;
    }
    sink = value;
  }

  @Test
  void aPlantedSlowdownFailsIt() {
    assertThatThrownBy(() -> Bench.guard(() -> run(planted(2))))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("The guard found claims that do not hold: [")
        .hasMessageContaining("target <= 1.25");
  }

  @Test
  void whatHoldsPasses() {
    assertThatCode(() -> Bench.guard(() -> run(planted(1)))).doesNotThrowAnyException();
  }

  @Test
  void oneAttemptThatFindsNothingIsEnough() throws Exception {
    Iterator<RunRecord> attempts = List.of(run(planted(2)), run(planted(1))).iterator();
    Bench.guard(attempts::next);
    assertThat(attempts).isExhausted();
  }

  @Test
  void whatCouldNotBeMeasuredFailsIt() {
    Answer answer = new Answer(new Guard());
    answer.missing("Hone: INT8", "no such file");
    assertThatThrownBy(() -> Bench.guard(() -> run(answer)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Hone: INT8: no such file");
  }

  /** Two fifths of the speed that is claimed are far from it, whatever the interval. */
  @ParameterizedTest
  @ValueSource(strings = {"precision.minilm.int8.8x32", "batching.gemm-large.callers"})
  void twoFifthsOfTheSpeedThatIsClaimedFailIt(String figure) {
    double target = Figures.get(figure).goal().orElseThrow().bound();
    Answer answer = new Answer(new Guard());
    answer.figure(figure, 0.36 * target, 0.4 * target, 0.44 * target);
    assertThatThrownBy(() -> Bench.guard(() -> run(answer))).hasMessageContaining("target >= ");
    answer.figure(figure, 0.9 * target, target, 1.1 * target);
    assertThatCode(() -> Bench.guard(() -> run(answer))).doesNotThrowAnyException();
  }
}
