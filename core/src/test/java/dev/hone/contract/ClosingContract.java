package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Closing: at any time, any number of times, from any thread. */
public interface ClosingContract extends SessionOpener {
  @Test
  default void closingTwiceIsSilent() {
    Session session = open(ReferenceModel.affine());
    session.close();
    session.close();
  }

  @Test
  default void aClosedSessionRefusesEveryRun() {
    Session session = open(ReferenceModel.affine());
    try (Batch in = Samples.affine(2, 1);
        Batch out = session.run(in)) {
      session.close();
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("session", "closed");
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("session", "closed");
      assertThatThrownBy(() -> session.warmUp(in, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("session", "closed");
      CompletableFuture<Batch> future = session.runAsync(in);
      assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("session", "closed");
    }
  }

  @Test
  default void closingWaitsForTheCallsUnderWay() throws Exception {
    ReferenceModel model = ReferenceModel.count();
    Session session = open(model);
    try (Batch in = Batch.of("times", Tensor.scalar(briefly()))) {
      CompletableFuture<Batch> underWay = session.runAsync(in);
      session.close();
      try (Batch out = underWay.get(60, TimeUnit.SECONDS)) {
        model.verify(in, out);
      }
    }
  }

  /** Several threads run, and one after the other is refused once two more close the session. */
  @Test
  default void aSessionMayBeClosedWhileManyRun() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    ExecutorService threads = Executors.newFixedThreadPool(threads() + 2);
    try {
      for (int round = 0; round < rounds(); round++) {
        closeWhileManyRun(model, threads);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void closeWhileManyRun(ReferenceModel model, ExecutorService threads) throws Exception {
    Session session = open(model);
    CountDownLatch running = new CountDownLatch(threads());
    List<Future<?>> tasks = new ArrayList<>();
    for (int i = 0; i < threads(); i++) {
      int seed = i;
      tasks.add(threads.submit(() -> runUntilClosed(session, model, seed, running)));
    }
    running.await();
    for (int i = 0; i < 2; i++) {
      tasks.add(
          threads.submit(
              () -> {
                pauseAMoment();
                session.close();
              }));
    }
    for (Future<?> task : tasks) {
      task.get(60, TimeUnit.SECONDS); // throws what the task threw
    }
  }

  private static void runUntilClosed(
      Session session, ReferenceModel model, int seed, CountDownLatch running) {
    try (Batch in = Samples.affine(1 + seed % 5, seed)) {
      while (true) {
        try (Batch out = session.run(in)) {
          model.verify(in, out);
        } finally {
          running.countDown();
        }
      }
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContainingAll("session", "closed");
    }
  }

  /** Up to a fifth of a millisecond, so that what follows meets a run anywhere in its course. */
  private static void pauseAMoment() {
    long endNanos = System.nanoTime() + ThreadLocalRandom.current().nextLong(200_000);
    while (System.nanoTime() - endNanos < 0) {
      Thread.onSpinWait();
    }
  }

  /** A call either finishes with the right answer or is refused; the next round is as good. */
  @Test
  default void inputsMayBeClosedWhileARunUsesThem() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Session session = open(model)) {
      for (int round = 0; round < rounds(); round++) {
        Batch in = Samples.affine(64, round);
        CountDownLatch running = new CountDownLatch(1);
        int seed = round;
        Future<?> caller =
            threads.submit(() -> runUntilInputsAreClosed(session, model, in, seed, running));
        running.await();
        pauseAMoment();
        in.close();
        caller.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void runUntilInputsAreClosed(
      Session session, ReferenceModel model, Batch in, int seed, CountDownLatch running) {
    try (Batch sameIn = Samples.affine(64, seed)) {
      while (true) {
        try (Batch out = session.run(in)) {
          model.verify(sameIn, out);
        } finally {
          running.countDown();
        }
      }
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("closed");
    }
  }

  /** Whether that run still writes is open; what is certain is that nothing else is written. */
  @Test
  default void outputsMayBeClosedWhileARunWritesThem() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Session session = open(model);
        Batch in = Samples.affine(64, 1)) {
      for (int round = 0; round < rounds(); round++) {
        Batch out = session.run(in);
        CountDownLatch running = new CountDownLatch(1);
        Future<?> caller = threads.submit(() -> writeUntilClosed(session, in, out, running));
        running.await();
        pauseAMoment();
        out.close();
        caller.get(60, TimeUnit.SECONDS);
      }
      try (Batch out = session.run(in)) {
        model.verify(in, out);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void writeUntilClosed(
      Session session, Batch in, Batch out, CountDownLatch running) {
    try {
      while (true) {
        try {
          session.run(in, out);
        } finally {
          running.countDown();
        }
      }
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("closed");
    }
  }

  @Test
  default void aForgottenCloseIsFound() {
    long leaks = NoLeaks.leaksOf(() -> open(ReferenceModel.affine()));
    assertThat(leaks).isPositive();
  }

  @Test
  default void aForgottenResultIsFound() {
    try (Session session = open(ReferenceModel.affine());
        Batch in = Samples.affine(3, 1)) {
      assertThat(NoLeaks.leaksOf(() -> session.run(in))).isPositive();
    }
  }
}
