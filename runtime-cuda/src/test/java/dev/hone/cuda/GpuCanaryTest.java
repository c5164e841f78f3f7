package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.Samples;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.cuda.lane.FakeGpuModel;
import dev.hone.fake.FakeModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The small model that a GPU must compute before it is called ready: here on a fake device. */
@ExtendWith(NoLeaks.class)
class GpuCanaryTest {
  private static final ReferenceModel MODEL = ReferenceModel.affine();

  private final FakeCuda cuda = new FakeCuda(5);

  private Session onFakeGpu(ReferenceModel model) {
    CudaReport ready =
        new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());
    CudaSupport support =
        new CudaSupport(
            new HashMap<>(),
            () -> ready,
            () -> new DriverAnswer(0, 1, "libcuda.so.1"),
            ordinal -> cuda);
    return support.open(
        0,
        new FakeGpuModel(cuda, model, new ArrayList<>()),
        Optional.empty(),
        new SessionReport("fake", Device.cuda(0), Precision.FP32, 1, List.of(), List.of()));
  }

  private static Session onFakeCpu() {
    return Session.open(FakeModel.of(MODEL.signature(), MODEL.function()));
  }

  private Optional<String> difference(ReferenceModel onGpu) {
    try (Batch in = Samples.affine(3, 1)) {
      return GpuCanary.difference(() -> onFakeGpu(onGpu), GpuCanaryTest::onFakeCpu, in);
    }
  }

  @Test
  void aDeviceThatComputesWhatTheCpuComputesHasNothingToTell() {
    assertThat(difference(MODEL)).isEmpty();
    cuda.verifyClean();
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, 1.5f})
  void aDeviceThatComputesSomethingElseIsFoundOut(float wrong) {
    ReferenceModel other =
        new ReferenceModel(
            MODEL.operation(),
            MODEL.signature(),
            in -> Batch.of("y", Tensor.of(new float[][] {{wrong, wrong}, {1, 1}, {1, 1}})));
    assertThat(difference(other).orElseThrow())
        .startsWith("its answer has " + wrong + " where the CPU computes ");
    cuda.verifyClean();
  }

  @Test
  void whatFailsWhileItIsOpenedOrRunIsTold() {
    int failed = 0;
    for (int call = 1; call < 40; call++) {
      cuda.failCall(call, CudaError.MEMORY_ALLOCATION);
      Optional<String> said = difference(MODEL);
      failed += said.isPresent() ? 1 : 0;
      said.ifPresent(words -> assertThat(words).containsPattern("cuda:0|'fake'"));
    }
    assertThat(failed).isGreaterThan(20);
    cuda.verifyClean();
  }

  @Test
  void whateverIsThrownIsToldAndEndsNoDiagnosis() {
    for (Throwable failure :
        List.of(new UnsatisfiedLinkError("no cudart"), new IllegalStateException("no cudart"))) {
      try (Batch in = Samples.affine(3, 1)) {
        assertThat(GpuCanary.difference(() -> thrown(failure), GpuCanaryTest::onFakeCpu, in))
            .contains("no cudart");
      }
    }
  }

  private static Session thrown(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) failure;
  }

  @Test
  void theModelUsesConvolutionsAndProductsAndTheCpuAgreesWithItself() {
    try (Session cpu = Session.open(GpuCanary.model());
        Batch in = GpuCanary.input();
        Batch out = cpu.run(in)) {
      assertThat(cpu.report().nodes()).extracting(SessionReport.Node::operator).contains("MatMul");
      for (float value : out.tensor(0).toFloatArray()) {
        assertThat(Math.abs(value)).as("nothing that a device gives by accident").isPositive();
      }
      assertThat(
              GpuCanary.difference(
                  () -> Session.open(GpuCanary.model()), () -> Session.open(GpuCanary.model()), in))
          .isEmpty();
    }
  }
}
