package dev.hone.cuda;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.HoneException;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A session as the support for GPUs opens it keeps the whole contract: on a fake device. */
class GpuLanesContractTest extends SessionContract {
  private static final CudaReport READY =
      new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());

  private static CudaSupport support(FakeCuda cuda) {
    return new CudaSupport(
        new HashMap<>(),
        () -> READY,
        () -> new DriverAnswer(0, 1, "libcuda.so.1"),
        ordinal -> cuda);
  }

  private static Session open(ReferenceModel model, FakeCuda cuda, List<String> log) {
    return open(support(cuda), model, cuda, log);
  }

  private static Session open(
      CudaSupport support, ReferenceModel model, FakeCuda cuda, List<String> log) {
    return support.open(
        0,
        new FakeGpuModel(cuda, model, log),
        Optional.of(CudaOptions.builder().lanes(4).build()),
        new SessionReport("fake device", Device.cuda(0), Precision.FP32, 1, List.of(), List.of()));
  }

  @Override
  public Session open(ReferenceModel model) {
    return open(
        model, new FakeCuda(System.nanoTime()), Collections.synchronizedList(new ArrayList<>()));
  }

  @Override
  public Device device() {
    return Device.cuda(0);
  }

  @Test
  void closingClosesTheRunsAndThenTheModelAndLeavesNothingOnTheDevice() {
    FakeCuda cuda = new FakeCuda(7);
    List<String> log = new ArrayList<>();
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model, cuda, log);
        Batch in = Samples.affine(3, 1);
        Batch out = session.run(in)) {
      Assertions.assertThat(out.size()).isPositive();
    }
    Assertions.assertThat(log)
        .startsWith("runs opened", "runs opened", "runs opened", "runs opened", "runs closed")
        .endsWith("runs closed", "model closed");
    Assertions.assertThat(cuda.violations()).isEmpty();
  }

  @Test
  void aDeviceThatFailsForGoodUnderALaneIsLostToTheProcess() {
    FakeCuda cuda = new FakeCuda(7);
    CudaSupport support = support(cuda);
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(support, model, cuda, new ArrayList<>());
        Batch in = Samples.affine(3, 1)) {
      cuda.failOperation(2, CudaError.ILLEGAL_ADDRESS);
      HoneException failure =
          Assertions.catchThrowableOfType(HoneException.class, () -> session.run(in));
      Assertions.assertThat(support.isLost(0, String.valueOf(failure.getMessage()))).isTrue();
      Assertions.assertThat(support.obstacle(0).orElseThrow()).contains("lost the GPU cuda:0");
    }
  }

  @Test
  void aDeviceWhoseWorkNobodySawEndIsLostToTheProcessToo() {
    FakeCuda cuda = new FakeCuda(7);
    CudaSupport support = support(cuda);
    try (Session session = open(support, ReferenceModel.affine(), cuda, new ArrayList<>());
        Batch in = Samples.affine(3, 1)) {
      cuda.failWaits(CudaError.UNKNOWN.code());
      cuda.failCall(3, CudaError.UNKNOWN);
      Assertions.assertThatThrownBy(() -> session.run(in)).isInstanceOf(HoneException.class);
      HoneException failure =
          Assertions.catchThrowableOfType(HoneException.class, () -> session.run(in));
      Assertions.assertThat(support.isLost(0, String.valueOf(failure.getMessage()))).isTrue();
      Assertions.assertThat(support.obstacle(0).orElseThrow()).contains("lost the GPU cuda:0");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"UNKNOWN", "MEMORY_ALLOCATION", "ILLEGAL_ADDRESS"})
  void openingThatFailsClosesTheModelAndLeavesNothingOnTheDevice(CudaError error) {
    int failed = 0;
    for (int call = 1; call < 20; call++) {
      FakeCuda cuda = new FakeCuda(7);
      List<String> log = new ArrayList<>();
      cuda.failCall(call, error);
      try {
        open(ReferenceModel.affine(), cuda, log).close();
      } catch (HoneException e) {
        Assertions.assertThat(e).hasMessageContaining("cuda:0");
        failed++;
      }
      Assertions.assertThat(log).filteredOn("model closed"::equals).hasSize(1);
      Assertions.assertThat(log)
          .filteredOn("runs closed"::equals)
          .hasSameSizeAs(log.stream().filter("runs opened"::equals).toList());
      Assertions.assertThat(cuda.violations()).isEmpty();
    }
    Assertions.assertThat(failed).isGreaterThan(10);
  }
}
