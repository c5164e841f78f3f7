package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.onnx.failure.FailedRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of a session when its GPU fails. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GpuSessionTest {
  private static final FakeModel TWICE =
      FakeModel.of(
          new Signature(
              List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
              List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("n")))),
          GpuSessionTest::twice);

  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private final AtomicInteger opened = new AtomicInteger();
  private final FakeGpu gpu = FakeGpu.ready();

  private static Batch twice(Batch in) {
    return Batch.of("y", Tensor.of(new float[] {2 * in.get("x").toFloatArray()[0]}));
  }

  private static Batch input(float value) {
    return Batch.of("x", Tensor.of(new float[] {value}));
  }

  private Session open(boolean movable) {
    Session onGpu =
        Session.open(TWICE.withFailure(failure::get), SessionOptions.of(Device.cuda(0)));
    return new GpuSession(gpu, 0, onGpu, movable ? Optional.of(this::openOnCpu) : Optional.empty());
  }

  private Session openOnCpu(String why) {
    assertThat(why).contains("cuda:0", FakeGpu.LOST);
    opened.incrementAndGet();
    return Session.open(TWICE);
  }

  @Test
  void whenTheGpuIsLostTheCallIsAnsweredByTheCpuAndSoAreAllToCome() {
    failure.set(new HoneException(FakeGpu.LOST));
    try (Session session = open(true);
        Batch in = input(21);
        Batch out = Batch.of("y", Tensor.of(new float[1]))) {
      assertThat(session.device()).isEqualTo(Device.cuda(0));
      session.run(in).close();
      session.run(in, out);
      assertThat(out.get("y").toFloatArray()).containsExactly(42);
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(opened).hasValue(1);
      assertThat(gpu.obstacle(0)).hasValue(FakeGpu.LOST);
    }
  }

  @Test
  void otherSessionsReadWhatTheGpuSaidAndNotWhatTheModelWasGiven() {
    HoneException said = new HoneException(FakeGpu.LOST);
    try (Session session = open(true);
        Batch in = input(1)) {
      failure.set(FailedRun.explain(said, "secret", in));
      session.run(in).close();
      assertThat(gpu.obstacle(0)).hasValue(FakeGpu.LOST);
    }
  }

  @Test
  void whatAModelIsCalledLosesNoGpu() {
    HoneException said = new HoneException("Invalid index");
    try (Session session = open(true);
        Batch in = input(1)) {
      failure.set(FailedRun.explain(said, "lost", in));
      assertThatThrownBy(() -> session.run(in)).isSameAs(failure.get());
      assertThat(gpu.obstacle(0)).isEmpty();
      assertThat(opened).hasValue(0);
    }
  }

  @Test
  void aRunIntoTensorsMovesAsWell() {
    failure.set(new HoneException(FakeGpu.LOST));
    try (Session session = open(true);
        Batch in = input(4);
        Batch out = Batch.of("y", Tensor.of(new float[1]))) {
      session.run(in, out);
      assertThat(out.get("y").toFloatArray()).containsExactly(8);
    }
  }

  @Test
  void aRunOnAnotherThreadMovesAsWell() {
    failure.set(new HoneException(FakeGpu.LOST));
    try (Session session = open(true);
        Batch in = input(3);
        Batch out = session.runAsync(in).join()) {
      assertThat(out.get("y").toFloatArray()).containsExactly(6);
    }
  }

  @Test
  void aRunWhoseInputsWereClosedMeanwhileFailsWithWhatTheGpuSaid() {
    HoneException lost = new HoneException(FakeGpu.LOST);
    CompletableFuture<RuntimeException> failsWith = new CompletableFuture<>();
    Session onGpu =
        Session.open(TWICE.withFailure(failsWith::join), SessionOptions.of(Device.cuda(0)));
    try (Session session = new GpuSession(gpu, 0, onGpu, Optional.of(this::openOnCpu))) {
      CompletableFuture<Batch> future;
      try (Batch in = input(3)) {
        future = session.runAsync(in);
      }
      failsWith.complete(lost);
      assertThatThrownBy(future::get).cause().isSameAs(lost);
      assertThat(session.device()).isEqualTo(Device.cpu());
    }
  }

  @Test
  void whoDidNotAgreeToTheCpuIsToldThatTheGpuIsLost() {
    failure.set(new HoneException(FakeGpu.LOST));
    try (Session session = open(false);
        Batch in = input(1)) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("cuda:0 is lost", FakeGpu.LOST, "started anew", "Device.best()");
      assertThat(gpu.obstacle(0)).isPresent();
    }
  }

  @Test
  void anyOtherFailureStaysWhereItHappened() throws Exception {
    RuntimeException other = new HoneException("CUDA failure 2: out of memory");
    failure.set(other);
    try (Session session = open(true);
        Batch in = input(1)) {
      assertThatThrownBy(() -> session.run(in)).isSameAs(other);
      CompletableFuture<Batch> future = session.runAsync(in);
      assertThatThrownBy(future::get).cause().isSameAs(other);
      assertThat(session.device()).isEqualTo(Device.cuda(0));
      failure.set(null);
      session.run(in).close();
      assertThat(opened).hasValue(0);
    }
  }

  @Test
  void manyCallersMoveOnce() {
    failure.set(new HoneException(FakeGpu.LOST));
    try (Session session = open(true);
        Batch in = input(1)) {
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        futures.add(session.runAsync(in));
      }
      futures.forEach(future -> future.join().close());
      assertThat(opened).hasValue(1);
    }
  }

  @Test
  void theTimeForARunGoesOnWhileItMoves() {
    failure.set(new HoneException(FakeGpu.LOST));
    Session onGpu =
        Session.open(
            TWICE.withDelay(Duration.ofMillis(60)).withFailure(failure::get),
            SessionOptions.of(Device.cuda(0)));
    try (Session session =
            new GpuSession(gpu, 0, onGpu, Optional.of(why -> slowly(Duration.ofMillis(150))));
        Batch in = input(1)) {
      RunOptions options = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(120));
      assertThatThrownBy(() -> session.run(in, options)).isInstanceOf(DeadlineException.class);
    }
  }

  private static Session slowly(Duration opening) {
    try {
      Thread.sleep(opening.toMillis());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Session.open(TWICE);
  }

  @Test
  void aRunThatWasCancelledDoesNotComeBackOnTheCpu() {
    Session onGpu =
        Session.open(
            TWICE.withDelay(Duration.ofSeconds(30)).withFailure(failure::get),
            SessionOptions.of(Device.cuda(0)));
    try (Session session = new GpuSession(gpu, 0, onGpu, Optional.of(this::openOnCpu));
        Batch in = input(1)) {
      CompletableFuture<Batch> future = session.runAsync(in);
      future.cancel(true);
      assertThat(future).isCancelled();
      assertThat(opened).hasValue(0);
    }
  }

  @Test
  void closingTwiceAfterAMoveClosesBoth() {
    failure.set(new HoneException(FakeGpu.LOST));
    Session session = open(true);
    try (Batch in = input(1)) {
      session.run(in).close();
      session.close();
      session.close();
      assertThatThrownBy(() -> session.run(in)).isInstanceOf(IllegalStateException.class);
    }
  }
}
