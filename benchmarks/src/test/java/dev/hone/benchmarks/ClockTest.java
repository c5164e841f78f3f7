package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClockTest {
  private final AtomicLong nanos = new AtomicLong();

  private record Takes(String id, int plannedSeconds) implements Question {
    @Override
    public String words() {
      return "How long does it take?";
    }

    @Override
    public int seconds(Effort effort) {
      return plannedSeconds;
    }

    @Override
    public void ask(Effort effort, Answer answer) {}
  }

  private void pass(int seconds) {
    nanos.addAndGet(seconds * 1_000_000_000L);
  }

  @Test
  void itSaysWhatRunsAndHowLongIsLeftByHowWellTheEstimatesHeld() {
    Question one = new Takes("one", 10);
    Question other = new Takes("other", 20);
    Clock clock = new Clock(List.of(one, other), Effort.SHORT, nanos::get);
    clock.begin(one, 1);
    assertThat(clock.line("begins"))
        .isEqualTo("[bench] 1 of 2 · one, process 1 of 1 · begins · about 30 s left");
    pass(5);
    assertThat(clock.line("goes on")).endsWith("goes on · about 25 s left");
    pass(15); // twice as long as planned: so the rest may be
    clock.end();
    clock.begin(other, 1);
    assertThat(clock.line("begins"))
        .isEqualTo("[bench] 2 of 2 · other, process 1 of 1 · begins · about 40 s left");
    pass(100);
    assertThat(clock.line("takes its time")).endsWith("about 1 s left");
  }

  @Test
  void longTimesAreToldInMinutes() {
    Question one = new Takes("one", 600);
    Clock clock = new Clock(List.of(one), Effort.SHORT, nanos::get);
    clock.begin(one, 1);
    assertThat(clock.line("begins")).endsWith("about 10 min left");
  }
}
