package dev.hone.cuda;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.Samples;
import dev.hone.contract.SessionContract;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.cuda.lane.FakeGpuModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Sessions whose options ask for CUDA graphs keep the whole contract, on a fake device. */
class GpuGraphsTest extends SessionContract {
  private static final CudaReport READY =
      new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());
  private static final ReferenceModel MODEL = ReferenceModel.affine();

  private final FakeCuda cuda = new FakeCuda(7);
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  private static Session open(FakeCuda cuda, FakeGpuModel model, CudaOptions options) {
    CudaSupport support =
        new CudaSupport(
            new HashMap<>(),
            () -> READY,
            () -> new DriverAnswer(0, 1, "libcuda.so.1"),
            ordinal -> cuda);
    return support.open(
        0,
        model,
        Optional.of(options),
        new SessionReport("fake device", Device.cuda(0), Precision.FP32, 1, List.of(), List.of()));
  }

  private static CudaOptions graphs(int shapes) {
    return CudaOptions.builder().graphShapes(shapes).build().toBuilder().build();
  }

  @Override
  public Session open(ReferenceModel model) {
    FakeCuda device = new FakeCuda(System.nanoTime());
    CudaOptions options = graphs(3).toBuilder().lanes(4).build();
    return open(device, new FakeGpuModel(device, model, log), options);
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }

  private static void run(Session session, int... rows) {
    for (int n : rows) {
      try (Batch in = Samples.affine(n, n);
          Batch out = session.run(in)) {
        MODEL.verify(in, out);
      }
    }
  }

  @Test
  void eachSetOfShapesIsCapturedOnceAndThenReplayed() {
    try (Session session = open(cuda, new FakeGpuModel(cuda, MODEL, log), graphs(2))) {
      run(session, 3, 5, 3, 5, 3, 5, 3, 3, 5);
      Assertions.assertThat(session.report().notes())
          .contains("CUDA graphs: 2 captured, 3 runs were replays, 0 refused.");
    }
    Assertions.assertThat(log)
        .containsExactly(
            "runs opened for graphs",
            "capture 0",
            "capture 1",
            "replay 0",
            "replay 0",
            "replay 1",
            "runs closed",
            "model closed");
    Assertions.assertThat(cuda.violations()).isEmpty();
  }

  @Test
  void anyThreadMayCallARunThatIsAReplay() throws InterruptedException {
    try (Session session = open(cuda, new FakeGpuModel(cuda, MODEL, log), graphs(1))) {
      for (int i = 0; i < 5; i++) {
        Thread caller = new Thread(() -> run(session, 3));
        caller.start();
        caller.join();
      }
    }
    Assertions.assertThat(log).contains("capture 0").filteredOn("replay 0"::equals).hasSize(2);
  }

  @Test
  void withoutTheOptionNothingIsCaptured() {
    CudaOptions options = CudaOptions.DEFAULT;
    try (Session session = open(cuda, new FakeGpuModel(cuda, MODEL, log), options)) {
      run(session, 3, 3, 3, 3, 3);
      Assertions.assertThat(session.report().notes()).isEmpty();
    }
    Assertions.assertThat(log).containsExactly("runs opened", "runs closed", "model closed");
    Assertions.assertThat(cuda.violations()).isEmpty();
  }

  @Test
  void aModelThatCannotBeOpenedForGraphsRunsWithoutAndTheReportSaysWhy() {
    FakeGpuModel model = new FakeGpuModel(cuda, MODEL, log).refusingGraphs();
    try (Session session = open(cuda, model, graphs(2))) {
      run(session, 3, 3, 3, 3);
      Assertions.assertThat(session.report().notes())
          .singleElement()
          .asString()
          .contains("without CUDA graphs", "All nodes must be on the CUDA provider.");
    }
    Assertions.assertThat(log).containsExactly("runs opened", "runs closed", "model closed");
    Assertions.assertThat(cuda.violations()).isEmpty();
  }

  @Test
  void aCaptureThatFailsIsInTheReportAndItsRunsGoOn() {
    try (Session session = open(cuda, new FakeGpuModel(cuda, MODEL, log), graphs(2))) {
      cuda.failCapture(CudaError.CAPTURE_UNSUPPORTED);
      run(session, 3, 3, 3, 3);
      Assertions.assertThat(session.report().notes())
          .singleElement()
          .asString()
          .contains("0 captured", "1 refused", "the first that could not be captured said");
    }
    Assertions.assertThat(log).filteredOn("capture 0"::equals).hasSize(1);
  }

  @Test
  void anOutputWhoseShapeOnlyTheRunTellsIsNamedInTheReport() {
    try (Session session =
        open(cuda, new FakeGpuModel(cuda, ReferenceModel.positives(), log), graphs(2))) {
      Assertions.assertThat(session.report().toString())
          .contains("Runs that give [y] go without a CUDA graph");
    }
  }

  @Test
  void aNumberOfShapesBelowNoneIsRefused() {
    Assertions.assertThatThrownBy(() -> CudaOptions.builder().graphShapes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }
}
