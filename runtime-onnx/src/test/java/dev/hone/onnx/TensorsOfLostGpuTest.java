package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.memory.Memory;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of a call whose tensors lay on the GPU that was lost. */
@ExtendWith(NoLeaks.class)
class TensorsOfLostGpuTest {
  private static final Signature SIGNATURE =
      new Signature(
          List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
          List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("n"))));
  private static final FakeModel MODEL =
      FakeModel.of(SIGNATURE, in -> Batch.of("y", Tensor.of(in.get("x").toFloatArray())));

  private final HoneException loss = new HoneException(FakeGpu.LOST);
  private final Session session =
      new GpuSession(
          FakeGpu.ready(), 0, new LostSession(loss), Optional.of(why -> Session.open(MODEL)));

  private static Tensor onGpu() {
    Memory memory = Memory.adoptOnDevice("cuda:0", 4096, Float.BYTES, () -> {});
    return Tensor.of(DataType.FLOAT32, Shape.of(1), memory);
  }

  private void tellsOfTheLoss(String tensor, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0 is lost", FakeGpu.LOST, tensor, "lies there", "again")
        .hasCause(loss);
  }

  private void answersOnCpu() {
    try (Batch in = Batch.of("x", Tensor.of(new float[] {3}));
        Batch out = session.run(in)) {
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(out.get("y").toFloatArray()).containsExactly(3);
    }
  }

  @Test
  void anInputThatWasLostWithTheGpuIsNamedAndTheSessionGoesOn() {
    try (session;
        Batch in = Batch.of("x", onGpu())) {
      tellsOfTheLoss("'x'", () -> session.run(in));
      answersOnCpu();
    }
  }

  @Test
  void anOutputThatWasLostWithTheGpuIsNamedAndTheSessionGoesOn() {
    try (session;
        Batch in = Batch.of("x", Tensor.of(new float[] {3}));
        Batch out = Batch.of("y", onGpu())) {
      tellsOfTheLoss("'y'", () -> session.run(in, out));
      answersOnCpu();
    }
  }

  @Test
  void aFutureTellsOfTheLossAsWell() {
    try (session;
        Batch in = Batch.of("x", onGpu())) {
      assertThatThrownBy(() -> session.runAsync(in).get())
          .cause()
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("cuda:0 is lost", "'x'")
          .hasCause(loss);
      answersOnCpu();
    }
  }

  @Test
  void aCpuThatCannotTakeOverDoesNotHideTheLoss() {
    HoneException full = new HoneException("no memory");
    Session stuck =
        new GpuSession(
            FakeGpu.ready(),
            0,
            new LostSession(loss),
            Optional.of(
                why -> {
                  throw full;
                }));
    try (session;
        stuck;
        Batch in = Batch.of("x", Tensor.of(new float[] {3}))) {
      assertThatThrownBy(() -> stuck.run(in))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("cuda:0 is lost", "on the CPU", "no memory")
          .hasCause(loss)
          .hasSuppressedException(full);
    }
  }

  /** A session each of whose runs finds the GPU lost. */
  private record LostSession(HoneException loss) implements Session {
    @Override
    public Signature signature() {
      return SIGNATURE;
    }

    @Override
    public Device device() {
      return Device.cuda(0);
    }

    @Override
    public Precision precision() {
      return Precision.FP32;
    }

    @Override
    public SessionReport report() {
      return new SessionReport("fake", device(), precision(), 1, List.of(), List.of());
    }

    @Override
    public Batch run(Batch in, RunOptions options) {
      throw loss;
    }

    @Override
    public void run(Batch in, Batch out, RunOptions options) {
      throw loss;
    }

    @Override
    public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
      return CompletableFuture.failedFuture(loss);
    }

    @Override
    public void close() {}
  }
}
