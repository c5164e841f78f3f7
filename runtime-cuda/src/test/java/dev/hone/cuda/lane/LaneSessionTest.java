package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.Samples;
import dev.hone.cuda.device.CaptureLock;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a session on lanes does beyond the contract: which memory it uses, and how it ends. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LaneSessionTest {
  private static final ReferenceModel MODEL = ReferenceModel.affine();

  private final FakeCuda cuda = new FakeCuda(3);
  private final CudaDevice device = new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT);

  private Session open(CudaDevice on, int lanes) {
    return LaneSession.open(
        on, new ReferenceStreamModel(cuda, MODEL), FakeLanes.settings(lanes), on::close);
  }

  private static Batch input(int rows) {
    return Batch.of("x", Tensor.of(new float[rows * 3], rows, 3));
  }

  private static boolean isPinned(CudaDevice device, Tensor tensor) {
    return device.pinned().contains(tensor.memory().address(), tensor.byteSize());
  }

  @Test
  void resultsLieInMemoryThatTheDeviceWroteItself() {
    try (Session session = open(device, 1);
        Batch in = input(2)) {
      Batch out = session.run(in);
      assertThat(isPinned(device, out.get("y"))).isTrue();
      session.close();
      MODEL.verify(in, out); // and outlive the session
      out.close();
    }
    cuda.verifyClean();
  }

  @Test
  void whereNoPinnedMemoryIsLeftResultsComeInOrdinaryMemory() {
    CudaDevice small =
        new CudaDevice(cuda, "cuda:0", new MemoryLimits(Long.MAX_VALUE, 0, 3 * 256, 0));
    try (Session session = open(small, 1);
        Batch in = input(2);
        Batch first = session.run(in); // takes a third, and its input's staging another
        Batch second = session.run(in);
        Batch third = session.run(in)) {
      assertThat(isPinned(small, first.get("y"))).isTrue();
      assertThat(isPinned(small, third.get("y"))).isFalse();
      assertThat(small.pinned().stats().refusals()).isPositive();
      MODEL.verify(in, second);
      MODEL.verify(in, third);
    }
    cuda.verifyClean();
  }

  @Test
  void pinnedInputsAndOutputsNeedNoOtherMemory() {
    try (Session session = open(device, 1);
        Batch in = Batch.of("x", pinned(Shape.of(2, 3)));
        Batch out = Batch.of("y", pinned(Shape.of(2, 2)))) {
      long before = device.pinned().stats().liveBytes();
      session.run(in, out);
      MODEL.verify(in, out);
      assertThat(device.pinned().stats().liveBytes()).isEqualTo(before);
    }
    cuda.verifyClean();
  }

  private Tensor pinned(Shape shape) {
    Memory memory = device.pinned().take(DataType.FLOAT32.byteSize(shape.elementCount()));
    Tensor tensor = Tensor.of(DataType.FLOAT32, shape, memory);
    tensor.copyFrom(new float[(int) shape.elementCount()]);
    return tensor;
  }

  @Test
  void steadyRunsTakeNoMemoryFromTheDevice() {
    try (Session session = open(device, 1);
        Batch in = input(4);
        Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(4, 2)))) {
      session.run(in, out);
      session.run(in).close();
      long taken = device.memory().stats().allocations() + device.pinned().stats().allocations();
      for (int i = 0; i < 20; i++) {
        session.run(in, out);
        session.run(in).close();
      }
      assertThat(device.memory().stats().allocations() + device.pinned().stats().allocations())
          .isEqualTo(taken);
    }
    cuda.verifyClean();
  }

  @Test
  void afterAnErrorThatEndsTheDeviceEveryRunSaysSoAndClosingWorks() {
    try (Session session = open(device, 2);
        Batch in = input(2)) {
      session.run(in).close();
      cuda.failOperation(2, CudaError.ILLEGAL_ADDRESS);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> session.run(in))
            .isInstanceOf(HoneException.class)
            .hasMessageContainingAll("cuda:0", "700", "Run on the CPU");
      }
      assertThat(device.isLost()).isTrue();
    }
    assertThat(device.open()).isEmpty();
  }

  @Test
  void theRunThatFindsADeviceThatDoesNotAnswerSaysThatItIsLost() {
    try (Session session = open(device, 1);
        Batch in = input(2)) {
      session.run(in).close();
      cuda.failWaits(CudaError.UNKNOWN.code());
      cuda.failCall(1, CudaError.UNKNOWN);
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(HoneException.class)
          .matches(e -> CudaDevice.tellsOfLoss(String.valueOf(e.getMessage())))
          .cause()
          .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("failed while"));
    }
    assertThat(device.open()).isEmpty();
  }

  @Test
  void aRunThatFailsLeavesTheSessionUsable() {
    try (Session session = open(device, 1);
        Batch in = input(2)) {
      for (int call = 1; call < 20; call++) {
        cuda.failCall(call, CudaError.UNKNOWN);
        try (Batch out = session.run(in)) {
          MODEL.verify(in, out);
        } catch (HoneException e) {
          assertThat(e).hasMessageContaining("999");
        }
        cuda.failCall(Long.MAX_VALUE / 2, CudaError.UNKNOWN);
        try (Batch out = session.run(in)) {
          MODEL.verify(in, out);
        }
      }
    }
    cuda.verifyClean();
  }

  @Test
  void aRunThatFailsOnTheDeviceNamesTheModelAndItsInputsAndBlamesNeither() {
    try (Session session = open(device, 1);
        Batch in = input(2);
        Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(2, 2)))) {
      for (Runnable run : List.<Runnable>of(() -> session.run(in), () -> session.run(in, out))) {
        cuda.failCall(1, CudaError.UNKNOWN);
        assertThatThrownBy(run::run)
            .isInstanceOf(HoneException.class)
            .hasMessageStartingWith(
                "The model 'fake' could not be run on {x=FLOAT32[2, 3]}. The device cuda:0 failed")
            .hasMessageEndingWith("CUDA error 999 (an unknown failure).");
      }
      cuda.failCall(1, CudaError.UNKNOWN);
      assertThatThrownBy(() -> session.runAsync(in).join())
          .hasMessageContaining("The model 'fake' could not be run on {x=FLOAT32[2, 3]}.");
    }
    cuda.verifyClean();
  }

  @Test
  void whatOnnxRuntimeSaysOfARunIsExplainedAsOnTheCpu() {
    String told = "ONNX Runtime says: Gather: indices element out of data bounds, idx=9";
    StreamModel failing = new FailingStreamModel(new ReferenceStreamModel(cuda, MODEL), told);
    try (Session session = LaneSession.open(device, failing, FakeLanes.settings(1), device::close);
        Batch in = input(2)) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(HoneException.class)
          .hasMessageStartingWith("The model 'fake' could not be run on {x=FLOAT32[2, 3]}.")
          .hasMessageContaining("use the tokenizer that belongs to the model")
          .hasMessageEndingWith(told);
    }
    cuda.verifyClean();
  }

  /** Takes what a model takes; its runs fail with these words. */
  private record FailingStreamModel(StreamModel model, String told) implements StreamModel {
    @Override
    public Signature signature() {
      return model.signature();
    }

    @Override
    public boolean onDevice(Signature.Value value) {
      return model.onDevice(value);
    }

    @Override
    public Execution open(CudaStream stream) {
      return new Execution() {
        @Override
        public void run(Port[] inputs, Port[] outputs, @Nullable Cancellation stop) {
          throw new HoneException(told);
        }

        @Override
        public void close() {}
      };
    }
  }

  @Test
  void callsThatNobodyBlocksForTakeAllSlotsButOne() throws Exception {
    CountDownLatch mayRun = new CountDownLatch(1);
    StreamModel model = new WaitingStreamModel(new ReferenceStreamModel(cuda, MODEL), mayRun);
    try (Session session = LaneSession.open(device, model, FakeLanes.settings(2), device::close);
        Batch in = input(2)) {
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        calls.add(session.runAsync(in));
      }
      try {
        while (cuda.copies() < 3) { // of 4 slots, while no run ends
          TimeUnit.MILLISECONDS.sleep(1);
        }
      } finally {
        mayRun.countDown();
      }
      for (CompletableFuture<Batch> call : calls) {
        try (Batch out = call.join()) {
          MODEL.verify(in, out);
        }
      }
    }
    cuda.verifyClean();
  }

  /** Its runs wait until they may go on. */
  private record WaitingStreamModel(StreamModel model, CountDownLatch mayRun)
      implements StreamModel {
    @Override
    public Signature signature() {
      return model.signature();
    }

    @Override
    public boolean onDevice(Signature.Value value) {
      return model.onDevice(value);
    }

    @Override
    public Execution open(CudaStream stream) {
      Execution runs = model.open(stream);
      return new Execution() {
        @Override
        public void run(Port[] inputs, Port[] outputs, @Nullable Cancellation stop) {
          try {
            mayRun.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          runs.run(inputs, outputs, stop);
        }

        @Override
        public void close() {
          runs.close();
        }
      };
    }
  }

  @Test
  void openingThatFailsLeavesNothingBehind() {
    for (int call = 1; call < 40; call++) {
      cuda.failCall(call, CudaError.UNKNOWN);
      try {
        open(device, 3).close();
        break; // so many calls an opening has not
      } catch (HoneException e) {
        assertThat(device.open()).isEmpty();
      }
    }
    cuda.verifyClean();
  }

  @Test
  void runsOfTheSameShapesBecomeAGraph() {
    try (LaneSession session =
        LaneSession.open(
            device,
            new ReferenceStreamModel(cuda, MODEL),
            FakeLanes.settings(1, 2),
            device::close)) {
      for (int rows : new int[] {3, 5, 3, 5, 3, 5, 3, 3, 5, 7}) {
        try (Batch in = Samples.affine(rows, rows);
            Batch out = session.run(in)) {
          MODEL.verify(in, out);
        }
      }
      // Two ordinary runs each, then a capture, then replays; 7 rows are one set too many.
      assertThat(session.graphs()).isEqualTo(new GraphStats(2, 1, 3));
    }
    cuda.verifyClean();
  }

  @Test
  void whatCannotBeCapturedRunsWithoutAGraph() {
    try (LaneSession session =
            LaneSession.open(
                device,
                new ReferenceStreamModel(cuda, MODEL),
                FakeLanes.settings(1, 2),
                device::close);
        Batch in = input(2)) {
      session.run(in).close();
      session.run(in).close();
      cuda.failCapture(CudaError.CAPTURE_UNSUPPORTED);
      for (int i = 0; i < 3; i++) {
        try (Batch out = session.run(in)) {
          MODEL.verify(in, out);
        }
      }
      assertThat(session.graphs()).isEqualTo(new GraphStats(0, 1, 0));
    }
    cuda.verifyClean();
  }

  @Test
  void whileOthersHoldCapturesOffRunsGoWithoutAndALaterOneIsCaptured() {
    try (LaneSession session =
            LaneSession.open(
                device,
                new ReferenceStreamModel(cuda, MODEL),
                FakeLanes.settings(1, 2),
                device::close);
        Batch in = input(2)) {
      runs(session, in, 2);
      CaptureLock.outside( // as an opening does, on this thread even
          () -> {
            runs(session, in, 1);
            return in;
          });
      assertThat(session.graphs()).isEqualTo(new GraphStats(0, 0, 0));
      runs(session, in, 6);
      // Four more ordinary runs, then a capture, then a replay.
      assertThat(session.graphs()).isEqualTo(new GraphStats(1, 0, 1));
    }
    cuda.verifyClean();
  }

  private static void runs(Session session, Batch in, int count) {
    for (int i = 0; i < count; i++) {
      try (Batch out = session.run(in)) {
        MODEL.verify(in, out);
      }
    }
  }

  @Test
  void aSessionNamesItsModel() {
    try (Session session = open(device, 1);
        Batch in = input(2)) {
      assertThat(session).hasToString("fake, FP32 on cuda:0");
      session.close();
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("The session of 'fake' was closed.");
    }
  }

  @Test
  void noLanesAreRefused() {
    LaneSettings one = FakeLanes.settings(1);
    assertThatThrownBy(() -> new LaneSettings(0, 0, one.name(), one.recorder(), one.report()))
        .hasMessageContaining("at least 1 lane, not 0");
  }

  @Test
  void tensorsOnTheDeviceAreUsedWhereTheyAreAndNothingIsCopied() {
    try (Session session = open(device, 1);
        Batch in = Samples.affine(4, 5);
        Batch there = Batch.of("x", DeviceTensors.allocate(device, Shape.of(4, 3)));
        Batch out = Batch.of("y", DeviceTensors.allocate(device, Shape.of(4, 2)));
        Batch back = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(4, 2)))) {
      DeviceTensors.copyToDevice(device, in.get("x"), there.get("x"));
      long before = cuda.copies();
      session.run(there, out);
      assertThat(cuda.copies()).isEqualTo(before);
      DeviceTensors.copyToHost(device, out.get("y"), back.get("y"));
      MODEL.verify(in, back);

      session.run(in, out); // one side alone
      DeviceTensors.copyToHost(device, out.get("y"), back.get("y"));
      MODEL.verify(in, back);
      try (Batch result = session.run(there)) {
        MODEL.verify(in, result);
      }
      assertThat(cuda.copies()).isEqualTo(before + 4);
    }
    cuda.verifyClean();
  }

  @Test
  void runsOnMemoryOfTheCallerBecomeNoGraphs() {
    try (LaneSession session =
            LaneSession.open(
                device,
                new ReferenceStreamModel(cuda, MODEL),
                FakeLanes.settings(1, 2),
                device::close);
        Batch in = Samples.affine(4, 5);
        Batch there = Batch.of("x", DeviceTensors.allocate(device, Shape.of(4, 3)))) {
      DeviceTensors.copyToDevice(device, in.get("x"), there.get("x"));
      for (int i = 0; i < 5; i++) {
        try (Batch result = session.run(there)) {
          MODEL.verify(in, result);
        }
      }
      assertThat(session.graphs()).isEqualTo(new GraphStats(0, 0, 0));
    }
    cuda.verifyClean();
  }

  @Test
  void tensorsOfAnotherDeviceAreRefused() {
    CudaDevice other = new CudaDevice(new FakeCuda(4), "cuda:1", MemoryLimits.DEFAULT);
    try (Session session = open(device, 1);
        Batch there = Batch.of("x", DeviceTensors.allocate(other, Shape.of(4, 3)))) {
      assertThatThrownBy(() -> session.run(there))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("of the host or of cuda:0", "lies on cuda:1");
    }
    other.close();
    cuda.verifyClean();
  }

  @Test
  void anOutputWhoseShapeOnlyTheRunTellsCannotBeBroughtOnTheDevice() {
    ReferenceModel model = ReferenceModel.positives();
    try (Session session =
            LaneSession.open(
                device,
                new ReferenceStreamModel(cuda, model),
                FakeLanes.settings(1),
                device::close);
        Batch in = Batch.of("x", Tensor.of(new float[] {0, 1, 2}));
        Batch out = Batch.of("y", DeviceTensors.allocate(device, Shape.of(2)))) {
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'y'", "only the run tells its shape", "lies on cuda:0");
    }
    cuda.verifyClean();
  }
}
