package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A run of a second, of operators that take milliseconds each, is stopped where it is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(NoLeaks.class)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class StoppingTest {
  private static final int DEADLINE_MILLIS = 50;

  private final Chain chain = Chain.ofLongRuns();
  private long fullNanos;

  @BeforeAll
  void measureAFullRun() {
    try (Session session = chain.open()) {
      chain.verifyAnswers(session, 1, 1);
      long start = System.nanoTime();
      chain.verifyAnswers(session, Chain.LONG_ROWS, 1);
      fullNanos = System.nanoTime() - start;
    }
  }

  @Test
  void aDeadlineStopsARunInItsMiddle() {
    RunOptions options = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(DEADLINE_MILLIS));
    try (Session session = chain.open();
        Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
      long start = System.nanoTime();
      assertThatThrownBy(() -> session.run(in, options))
          .isInstanceOf(DeadlineException.class)
          .hasMessageContaining("50.0 ms");
      verifyStoppedEarly("a deadline of 50 ms", System.nanoTime() - start);
      chain.verifyAnswers(session, 3, 2);
    }
  }

  @Test
  void cancellingStopsARunInItsMiddle() throws Exception {
    Cancellation cancellation = new Cancellation();
    try (Session session = chain.open();
        Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
      long start = System.nanoTime();
      CompletableFuture<Batch> run =
          session.runAsync(in, RunOptions.DEFAULT.withCancellation(cancellation));
      Thread.sleep(DEADLINE_MILLIS);
      cancellation.cancel();
      assertThatThrownBy(run::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(CancelledException.class);
      verifyStoppedEarly("cancelling after 50 ms", System.nanoTime() - start);
      chain.verifyAnswers(session, 3, 3);
    }
  }

  @Test
  void closingWaitsForARunAndTheRunGetsItsAnswer() throws Exception {
    Session session = chain.open();
    try (Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
      CompletableFuture<Batch> run = session.runAsync(in);
      Thread.sleep(DEADLINE_MILLIS);
      long start = System.nanoTime();
      session.close();
      long waitedNanos = System.nanoTime() - start;
      try (Batch out = run.get()) {
        chain.verify(Chain.LONG_ROWS, 1, out);
      }
      assertThat(waitedNanos).as("ns of waiting").isGreaterThan(fullNanos / 4);
      assertThatThrownBy(() -> session.run(in)).isInstanceOf(IllegalStateException.class);
    }
  }

  private void verifyStoppedEarly(String what, long nanos) {
    System.out.printf(
        "%s: stopped after %.1f ms; a full run takes %.1f ms%n",
        what, nanos / 1e6, fullNanos / 1e6);
    assertThat(nanos).as("ns, of %d ns of a full run", fullNanos).isLessThan(fullNanos / 2);
  }
}
