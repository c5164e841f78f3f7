package dev.hone.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.ModelException;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class FakeModelTest {
  private static final Signature SIGNATURE =
      new Signature(
          List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("batch"))),
          List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("batch"))));
  private static final FakeModel TWICE = FakeModel.of(SIGNATURE, FakeModelTest::twice);

  private static Batch twice(Batch in) {
    float[] values = in.get("x").toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 2;
    }
    return Batch.of("y", Tensor.of(values));
  }

  private static Batch input(float... values) {
    return Batch.of("x", Tensor.of(values));
  }

  @Test
  void aFunctionIsOpenedLikeAnyModel() {
    try (Session session = Session.open(TWICE);
        Batch in = input(1, 2);
        Batch out = session.run(in)) {
      assertThat(out.get("y").toFloatArray()).containsExactly(2, 4);
    }
  }

  @Test
  void aFailureComesWhenTheTestWantsIt() {
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    try (Session session = Session.open(TWICE.withFailure(failure::get));
        Batch in = input(1)) {
      session.run(in).close();
      failure.set(new HoneException("broken on purpose"));
      assertThatThrownBy(() -> session.run(in)).isSameAs(failure.get());
      failure.set(null);
      session.run(in).close();
    }
  }

  @Test
  void aDelayMayDependOnTheInput() {
    FakeModel slow = TWICE.withDelay(in -> Duration.ofHours(in.rows() - 1));
    RunOptions hasty = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(100));
    try (Session session = Session.open(slow);
        Batch one = input(1);
        Batch two = input(1, 2)) {
      session.run(one, RunOptions.DEFAULT).close();
      assertThatThrownBy(() -> session.run(two, hasty))
          .isInstanceOf(DeadlineException.class)
          .hasMessageContaining("within 100.0 ms");
    }
  }

  @Test
  void aFixedDelayDelays() {
    RunOptions hasty = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(5));
    try (Session session = Session.open(TWICE.withDelay(Duration.ofHours(1)));
        Batch in = input(1)) {
      assertThatThrownBy(() -> session.run(in, hasty)).isInstanceOf(DeadlineException.class);
    }
  }

  @Test
  void aSessionSaysThatItIsWhatItWasAskedToBe() {
    SessionOptions options =
        SessionOptions.builder().device(Device.cuda(1)).precision(Precision.INT8).build();
    try (Session session = Session.open(TWICE, options);
        Session best = Session.open(TWICE, SessionOptions.of(Device.best()))) {
      assertThat(session.device()).isEqualTo(Device.cuda(1));
      assertThat(session.precision()).isEqualTo(Precision.INT8);
      assertThat(best.device()).isEqualTo(Device.cpu());
      assertThat(session.report().toString()).startsWith("fake runtime, INT8 on cuda:1");
    }
  }

  @Test
  void aFunctionThatGivesAnotherShapeIsFound() {
    breaksItsPromise(in -> Batch.of("y", Tensor.of(new float[7])), "FLOAT32[7]");
  }

  @Test
  void aFunctionThatGivesAnotherNameIsFound() {
    breaksItsPromise(in -> Batch.of("z", Tensor.of(new float[2])), "no output 'z'");
  }

  @Test
  void aFunctionThatGivesItsInputIsFound() {
    breaksItsPromise(in -> Batch.of("y", in.get("x")), "own input 'x'; give a copy");
  }

  private static void breaksItsPromise(Function<Batch, Batch> function, String how) {
    try (Session session = Session.open(FakeModel.of(SIGNATURE, function));
        Batch in = input(1, 2)) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("must give what its signature says", how);
    }
  }

  @Test
  void aFunctionThatLeavesAnOutputOutIsFound() {
    Signature two =
        new Signature(
            SIGNATURE.inputs(),
            List.of(
                SIGNATURE.outputs().get(0),
                Value.tensor("z", DataType.FLOAT32, Dimension.of("batch"))));
    try (Session session = Session.open(FakeModel.of(two, FakeModelTest::twice));
        Batch in = input(1)) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("it gave [y] in place of all of [y, z]");
    }
  }

  @Test
  void theFakeRuntimeReadsNoFiles() {
    FakeRuntime runtime = new FakeRuntime();
    ModelSource source = ModelSource.of(new byte[] {1, 2, 3});
    assertThat(runtime.recognizes(source)).isFalse();
    assertThatThrownBy(() -> runtime.load(source))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll("reads no files", "'memory'", "FakeModel.of");
  }
}
