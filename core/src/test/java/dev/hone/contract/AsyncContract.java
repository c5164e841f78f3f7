package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Runs on other threads. */
public interface AsyncContract extends SessionOpener {
  @Test
  default void aFutureGivesTheOutputs() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model);
        Batch in = Samples.affine(3, 1);
        Batch out = session.runAsync(in).get(60, TimeUnit.SECONDS)) {
      model.verify(in, out);
    }
  }

  @Test
  default void aFutureGivesTheOutputsAskedFor() throws Exception {
    ReferenceModel model = ReferenceModel.sumAndDifference();
    RunOptions options = RunOptions.DEFAULT.withOutputs("difference");
    try (Session session = open(model);
        Batch in = Batch.of("a", Tensor.of(new long[] {7}), "b", Tensor.of(new long[] {4}));
        Batch out = session.runAsync(in, options).get(60, TimeUnit.SECONDS)) {
      assertThat(out.names()).containsExactly("difference");
      model.verifyValues(in, out);
    }
  }

  @Test
  default void inputsMayBeClosedOnceTheRunIsAskedFor() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model)) {
      for (int round = 0; round < rounds(); round++) {
        Batch in = Samples.affine(50, round);
        CompletableFuture<Batch> future = session.runAsync(in);
        in.close();
        try (Batch out = future.get(60, TimeUnit.SECONDS);
            Batch sameIn = Samples.affine(50, round)) {
          model.verify(sameIn, out);
        }
      }
    }
  }

  @Test
  default void manyRunsMayWait() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model)) {
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        try (Batch in = Samples.affine(2, i)) {
          futures.add(session.runAsync(in));
        }
      }
      for (int i = 0; i < futures.size(); i++) {
        try (Batch in = Samples.affine(2, i);
            Batch out = futures.get(i).get(60, TimeUnit.SECONDS)) {
          model.verify(in, out);
        }
      }
    }
  }

  @Test
  default void whatRunWouldThrowIsInTheFuture() {
    try (Session session = open(ReferenceModel.pick());
        Batch wrongType = Batch.of("index", Tensor.of(new float[1]));
        Batch wrongValue = Batch.of("index", Tensor.of(new long[] {99}))) {
      assertThatThrownBy(() -> session.runAsync(wrongType).get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be index INT64[n], but is FLOAT32[1]");
      assertThatThrownBy(() -> session.runAsync(wrongValue).get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(HoneException.class);
    }
  }

  @Test
  default void aDeadlineIsInTheFuture() {
    RunOptions options = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(30));
    try (Session session = open(ReferenceModel.count());
        Batch in = Batch.of("times", Tensor.scalar(endlessly()))) {
      assertThatThrownBy(() -> session.runAsync(in, options).get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(DeadlineException.class);
    }
  }

  /** Were the run not stopped, closing the session would wait for it. */
  @Test
  default void cancellingAFutureStopsTheRun() throws Exception {
    ReferenceModel model = ReferenceModel.count();
    try (Session session = open(model);
        Batch in = Batch.of("times", Tensor.scalar(endlessly()))) {
      CompletableFuture<Batch> future = session.runAsync(in);
      Thread.sleep(10); // so that it is under way and not only waiting
      assertThat(future.cancel(true)).isTrue();
      assertThat(future.isCancelled()).isTrue();
    }
  }

  /** Were they not stopped, and those that wait taken out, closing would wait for all of them. */
  @Test
  default void futuresThatTimeOutStopTheirRuns() {
    try (Session session = open(ReferenceModel.count());
        Batch in = Batch.of("times", Tensor.scalar(endlessly()))) {
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        futures.add(session.runAsync(in).orTimeout(30, TimeUnit.MILLISECONDS));
      }
      for (CompletableFuture<Batch> future : futures) {
        assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS))
            .hasCauseInstanceOf(TimeoutException.class);
      }
    }
  }

  @Test
  default void completingAFutureStopsTheRun() throws Exception {
    try (Session session = open(ReferenceModel.count());
        Batch in = Batch.of("times", Tensor.scalar(endlessly()));
        Batch other = Batch.of("count", Tensor.scalar(7L))) {
      CompletableFuture<Batch> first = session.runAsync(in);
      CompletableFuture<Batch> second = session.runAsync(in);
      Thread.sleep(10); // so that one is under way and not only waiting
      assertThat(first.complete(other)).isTrue();
      assertThat(first.join()).isSameAs(other);
      assertThat(first.complete(other)).isFalse();
      assertThat(second.completeExceptionally(new IllegalStateException("enough"))).isTrue();
      assertThatThrownBy(second::join).hasRootCauseMessage("enough");
      assertThat(second.cancel(true)).isFalse();
    }
  }

  @Test
  default void aFutureMayBeCompletedWithNothing() {
    try (Session session = open(ReferenceModel.count());
        Batch in = Batch.of("times", Tensor.scalar(endlessly()))) {
      CompletableFuture<Batch> future = session.runAsync(in);
      assertThat(future.complete(null)).isTrue();
      assertThat(future.join()).isNull();
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  default void aFutureRefusesAFailureThatIsNoneAndGoesOn() {
    RunOptions options = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(30));
    try (Session session = open(ReferenceModel.count());
        Batch in = Batch.of("times", Tensor.scalar(endlessly()))) {
      CompletableFuture<Batch> future = session.runAsync(in, options);
      assertThatThrownBy(() -> future.completeExceptionally(null))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(DeadlineException.class);
    }
  }

  /** Somewhere in these rounds the run has a result when it is replaced. */
  @Test
  default void whatAFutureHadComputedIsClosedIfItsCallerCompletesIt() {
    try (Session session = open(ReferenceModel.affine());
        Batch in = Samples.affine(2, 1);
        Batch other = Samples.affine(2, 2)) {
      for (int round = 0; round < rounds() * 4; round++) {
        CompletableFuture<Batch> future = session.runAsync(in);
        for (int spin = 0; spin < round * 100; spin++) {
          Thread.onSpinWait();
        }
        if (!future.complete(other)) {
          future.join().close();
        }
      }
    }
  }

  /** Somewhere in these rounds the run has a result when nobody wants it any more. */
  @Test
  default void whatACancelledFutureHadComputedIsClosed() {
    try (Session session = open(ReferenceModel.affine());
        Batch in = Samples.affine(2, 1)) {
      for (int round = 0; round < rounds() * 4; round++) {
        CompletableFuture<Batch> future = session.runAsync(in);
        for (int spin = 0; spin < round * 100; spin++) {
          Thread.onSpinWait();
        }
        if (!future.cancel(true)) {
          future.join().close();
        }
      }
    }
  }

  @Test
  default void aSessionMayBeClosedByWhatFollowsItsRun() throws Exception {
    Session session = open(ReferenceModel.affine());
    try (Batch in = Samples.affine(2, 1)) {
      session
          .runAsync(in)
          .thenAccept(
              out -> {
                out.close();
                session.close();
              })
          .get(60, TimeUnit.SECONDS);
    }
  }
}
