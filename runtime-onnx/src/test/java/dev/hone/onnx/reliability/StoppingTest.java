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
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A run of a second, of operators that take milliseconds each, is stopped where it is. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class StoppingTest {
  private static final int DEADLINE_MILLIS = 50;

  private final Chain chain = Chain.ofLongRuns();

  /** A run of half the length, begun before another: what ends while it goes on was cut short. */
  private static final class HalfRun implements AutoCloseable {
    private static final int SEED = 4;

    private final Chain half = new Chain(Chain.LONG_NODES / 2);
    private final Session session = half.open();
    private final Batch in = Chain.input(Chain.LONG_ROWS, SEED);
    private final CompletableFuture<Batch> run = session.runAsync(in);

    void verifyItGoesOn() {
      assertThat(run.isDone()).as("half as much work, begun before, is done").isFalse();
    }

    @Override
    public void close() {
      try (session;
          in;
          Batch out = run.join()) {
        half.verify(Chain.LONG_ROWS, SEED, out);
      }
    }
  }

  @Test
  void aDeadlineStopsARunInItsMiddle() {
    RunOptions options = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(DEADLINE_MILLIS));
    try (Session session = chain.open();
        Batch in = Chain.input(Chain.LONG_ROWS, 1);
        HalfRun halfRun = new HalfRun()) {
      assertThatThrownBy(() -> session.run(in, options))
          .isInstanceOf(DeadlineException.class)
          .hasMessageContaining("50 ms");
      halfRun.verifyItGoesOn();
      chain.verifyAnswers(session, 3, 2);
    }
  }

  @Test
  void cancellingStopsARunInItsMiddle() throws Exception {
    Cancellation cancellation = new Cancellation();
    try (Session session = chain.open();
        Batch in = Chain.input(Chain.LONG_ROWS, 1);
        HalfRun halfRun = new HalfRun()) {
      CompletableFuture<Batch> run =
          session.runAsync(in, RunOptions.DEFAULT.withCancellation(cancellation));
      Thread.sleep(DEADLINE_MILLIS);
      cancellation.cancel();
      assertThatThrownBy(run::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(CancelledException.class);
      halfRun.verifyItGoesOn();
      chain.verifyAnswers(session, 3, 3);
    }
  }

  @Test
  void closingWaitsForARunAndTheRunGetsItsAnswer() throws Exception {
    Session session = chain.open();
    try (Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
      CompletableFuture<Batch> run = session.runAsync(in);
      assertThat(session.stats().count(Outcome.ANSWERED)).isZero();
      session.close();
      assertThat(session.stats().count(Outcome.ANSWERED)).isEqualTo(1);
      try (Batch out = run.get()) {
        chain.verify(Chain.LONG_ROWS, 1, out);
      }
      assertThatThrownBy(() -> session.run(in)).isInstanceOf(IllegalStateException.class);
    }
  }
}
