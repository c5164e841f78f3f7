package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Deadlines and cancellation: they stop the run that has them, and nothing else. */
public interface StoppingContract extends SessionOpener {
  private static RunOptions timeout(long millis) {
    return RunOptions.DEFAULT.withTimeout(Duration.ofMillis(millis));
  }

  private static Batch times(long times) {
    return Batch.of("times", Tensor.scalar(times));
  }

  /** The session answers as if nothing had been. */
  private static void verifyAnswers(Session session) {
    try (Batch in = times(3);
        Batch out = session.run(in)) {
      ReferenceModel.count().verify(in, out);
    }
  }

  @Test
  default void aDeadlineStopsARunAndTheNextOneWorks() {
    try (Session session = open(ReferenceModel.count());
        Batch in = times(endlessly())) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> session.run(in, timeout(50)))
            .isInstanceOf(DeadlineException.class)
            .hasMessageContainingAll("50", "ms", "Allow more time");
        verifyAnswers(session);
      }
    }
  }

  @Test
  default void aDeadlineStopsARunIntoTensorsOfTheCaller() {
    try (Session session = open(ReferenceModel.count());
        Batch in = times(endlessly());
        Batch out = Batch.of("count", Tensor.scalar(0))) {
      assertThatThrownBy(() -> session.run(in, out, timeout(50)))
          .isInstanceOf(DeadlineException.class);
      verifyAnswers(session);
    }
  }

  @Test
  default void aDeadlineThatIsFarAwayChangesNothing() {
    ReferenceModel model = ReferenceModel.count();
    try (Session session = open(model);
        Batch in = times(10);
        Batch brought = Batch.of("count", Tensor.scalar(0))) {
      for (int i = 0; i < 20; i++) {
        try (Batch out = session.run(in, timeout(60_000))) {
          model.verify(in, out);
        }
        session.run(in, brought, timeout(60_000));
        model.verify(in, brought);
      }
    }
  }

  @Test
  default void aDeadlineLeavesTheRunsOfOthersAlone() throws Exception {
    ReferenceModel model = ReferenceModel.count();
    try (Session session = open(model);
        Batch endless = times(endlessly());
        Batch brief = times(briefly())) {
      List<CompletableFuture<Batch>> others = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        others.add(session.runAsync(brief));
      }
      assertThatThrownBy(() -> session.run(endless, timeout(20)))
          .isInstanceOf(DeadlineException.class);
      for (CompletableFuture<Batch> other : others) {
        try (Batch out = other.get(60, TimeUnit.SECONDS)) {
          model.verify(brief, out);
        }
      }
    }
  }

  @Test
  default void whatWasCancelledBeforeDoesNotRun() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    RunOptions options = RunOptions.DEFAULT.withCancellation(cancellation);
    try (Session session = open(ReferenceModel.count());
        Batch in = times(endlessly())) {
      assertThatThrownBy(() -> session.run(in, options))
          .isInstanceOf(CancelledException.class)
          .hasMessageContaining("cancelled");
      verifyAnswers(session);
    }
  }

  @Test
  default void oneSwitchStopsAllRunsThatHaveIt() throws Exception {
    Cancellation cancellation = new Cancellation();
    RunOptions options = RunOptions.DEFAULT.withCancellation(cancellation);
    try (Session session = open(ReferenceModel.count());
        Batch in = times(endlessly())) {
      List<CompletableFuture<Batch>> runs = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        runs.add(session.runAsync(in, options));
      }
      Thread.sleep(20); // so that some are under way and not only waiting
      verifyAnswers(session);
      cancellation.cancel();
      for (CompletableFuture<Batch> run : runs) {
        assertThatThrownBy(() -> run.get(60, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(CancelledException.class);
      }
      verifyAnswers(session);
    }
  }

  @Test
  default void aThreadStaysInterruptedAndItsCallIsAnsweredOrCancelled() throws Exception {
    ReferenceModel model = ReferenceModel.count();
    try (Session session = open(model);
        Batch in = times(briefly())) {
      List<CompletableFuture<Boolean>> ends = new ArrayList<>();
      for (int i = 0; i < threads(); i++) {
        CompletableFuture<Boolean> end = new CompletableFuture<>();
        ends.add(end);
        Runnable interrupted =
            () -> {
              Thread.currentThread().interrupt();
              try (Batch out = session.run(in)) {
                model.verify(in, out);
              } catch (CancelledException e) {
                assertThat(e).hasMessageContaining("interrupted");
              }
              end.complete(Thread.currentThread().isInterrupted());
            };
        Thread thread = new Thread(interrupted);
        thread.setUncaughtExceptionHandler((t, e) -> end.completeExceptionally(e));
        thread.start();
      }
      for (CompletableFuture<Boolean> end : ends) {
        assertThat(end.get(60, TimeUnit.SECONDS)).isTrue();
      }
      verifyAnswers(session);
    }
  }

  @Test
  default void cancellingAfterwardsIsSilent() {
    Cancellation cancellation = new Cancellation();
    ReferenceModel model = ReferenceModel.count();
    try (Session session = open(model);
        Batch in = times(5);
        Batch out = session.run(in, RunOptions.DEFAULT.withCancellation(cancellation))) {
      cancellation.cancel();
      model.verify(in, out);
      verifyAnswers(session);
    }
  }

  @Test
  default void aRunMayHaveADeadlineAndACancellation() {
    RunOptions options = timeout(50).withCancellation(new Cancellation());
    try (Session session = open(ReferenceModel.count());
        Batch in = times(endlessly())) {
      assertThatThrownBy(() -> session.run(in, options)).isInstanceOf(DeadlineException.class);
      verifyAnswers(session);
    }
  }
}
