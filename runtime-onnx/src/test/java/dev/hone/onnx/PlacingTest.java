package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.HoneException.ModelException;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.fake.FakeModel;
import dev.hone.onnx.gpu.GpuSupport;
import dev.hone.onnx.graph.ModelData;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which device a session gets, by what was asked for and what is there. */
class PlacingTest {
  private static final FakeModel MODEL =
      FakeModel.of(
          new Signature(
              List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
              List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("n")))),
          in -> Batch.of("y", Tensor.of(in.get("x").toFloatArray())));

  private final List<Placement> opened = new ArrayList<>();
  private Optional<HoneException> refusal = Optional.empty();

  private Session open(Placement placement) {
    opened.add(placement);
    if (placement.gpu() != null && refusal.isPresent()) {
      throw refusal.get();
    }
    return Session.open(MODEL, SessionOptions.of(placement.device()));
  }

  private Session open(Device device, Precision precision, Optional<GpuSupport> support) {
    return new Placing(precision, support, Optional.empty(), this::open).open(device);
  }

  private Session open(Device device, GpuSupport support) {
    return open(device, Precision.FP32, Optional.of(support));
  }

  @Test
  void aGpuThatIsThereIsTaken() {
    try (Session named = open(Device.cuda(1), FakeGpu.ready());
        Session best = open(Device.best(), FakeGpu.ready())) {
      assertThat(named.device()).isEqualTo(Device.cuda(1));
      assertThat(best.device()).isEqualTo(Device.cuda(0));
    }
  }

  @Test
  void whoNamesAGpuIsToldWhatIsInItsWay() {
    assertThatThrownBy(() -> open(Device.cuda(1), FakeGpu.withObstacle("No driver. Install it.")))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:1", "No driver. Install it.", "Device.best()");
    assertThat(opened).isEmpty();
  }

  @Test
  void whoAsksForTheBestGetsTheCpuAndOneWarning() {
    try (LogLines log = new LogLines();
        Session first = open(Device.best(), FakeGpu.withObstacle("No driver here."));
        Session second = open(Device.best(), FakeGpu.withObstacle("No driver here."))) {
      assertThat(first.device()).isEqualTo(Device.cpu());
      assertThat(second.device()).isEqualTo(Device.cpu());
      assertThat(log.warnings()).singleElement().asString().contains("CPU", "No driver here.");
      assertThat(opened.get(1).notes()).containsExactlyElementsOf(log.warnings());
    }
  }

  @Test
  void withoutTheModuleAGpuIsRefusedWithTheDependencyToAdd() {
    assertThatThrownBy(() -> open(Device.cuda(0), Precision.FP32, Optional.empty()))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0", "Add dev.hone:hone-runtime-cuda to the dependencies");
    assertThatThrownBy(
            () -> new OnnxRuntime().open(TwoLayers.inMemory(), SessionOptions.of(Device.cuda(0))))
        .isInstanceOf(HoneException.class)
        .hasMessageContaining("Add dev.hone:hone-runtime-cuda");
  }

  @Test
  void withoutTheModuleTheBestIsTheCpuAndNobodyIsWarned() {
    try (LogLines log = new LogLines();
        Session session =
            new OnnxRuntime().open(TwoLayers.inMemory(), SessionOptions.of(Device.best()))) {
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(session.report().notes()).anyMatch(note -> note.contains("hone-runtime-cuda"));
      assertThat(log.warnings()).isEmpty();
    }
  }

  @Test
  void integersWhichSlowAGpuDownAreRefusedOrComputedOnTheCpu() {
    assertThatThrownBy(() -> open(Device.cuda(0), Precision.INT8, Optional.of(FakeGpu.ready())))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("INT8", "slower", "FP16 is what is faster", "Precision.FP16");
    try (LogLines log = new LogLines();
        Session session = open(Device.best(), Precision.INT8, Optional.of(FakeGpu.ready()))) {
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(log.warnings()).singleElement().asString().contains("FP16 is what is faster");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "INT4"})
  void noPrecisionIsPromisedOnAGpuThatIsNotThereYet(Precision precision) {
    assertThatThrownBy(() -> open(Device.cuda(0), precision, Optional.of(FakeGpu.ready())))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll(precision.name(), "Ask for Precision.FP32 or FP16");
    assertThat(opened).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "FP16"})
  void floatsOfBothWidthsAreOpenedOnAGpu(Precision precision) {
    try (Session session = open(Device.cuda(0), precision, Optional.of(FakeGpu.ready()))) {
      assertThat(session.device()).isEqualTo(Device.cuda(0));
    }
  }

  @Test
  void whatOnlyStoresItsWeightsSmallerIsPlacedAsTheFloatsItComputesWith() {
    ModelData data = TwoLayers.data();
    data.putMetadata("hone.precision", "INT8"); // as where no node gained from integers
    OnnxModel stored = OnnxModel.of("stored", data);
    SessionOptions options = SessionOptions.of(Precision.INT8);
    assertThat(OnnxRuntime.computed(stored, options)).isEqualTo(Precision.FP32);
    assertThat(OnnxRuntime.computed(TwoLayers.inMemory(), options)).isEqualTo(Precision.INT8);
  }

  @Test
  void aSessionThatCannotBeOpenedOnTheGpuGoesToTheCpuWithTheReason() {
    refusal = Optional.of(new ModelException("The GPU has no memory left."));
    assertThatThrownBy(() -> open(Device.cuda(0), FakeGpu.ready())).isSameAs(refusal.get());
    try (LogLines log = new LogLines();
        Session session = open(Device.best(), FakeGpu.ready())) {
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(log.warnings()).singleElement().asString().contains("has no memory left");
    }
  }

  @Test
  void aGpuThatIsLostWhileASessionOpensIsNotTriedAgain() {
    refusal = Optional.of(new ModelException(FakeGpu.LOST));
    FakeGpu gpu = FakeGpu.ready();
    open(Device.best(), gpu).close();
    open(Device.best(), gpu).close();
    assertThat(opened.stream().filter(placement -> placement.gpu() != null)).hasSize(1);
  }

  @Test
  void aModelWhoseNameSpeaksOfALostGpuIsNone() {
    refusal =
        Optional.of(
            new ModelException(
                "'lost-cats.onnx' cannot be opened: no memory.", new HoneException("no memory")));
    FakeGpu gpu = FakeGpu.ready();
    open(Device.best(), gpu).close();
    assertThat(gpu.obstacle(0)).isEmpty();
  }

  @Test
  void otherSessionsReadWhatTheGpuSaidAndNotWhichModelItWas() {
    refusal =
        Optional.of(
            new ModelException(
                "'secret.onnx' cannot be opened: " + FakeGpu.LOST,
                new ModelException("on {x=FLOAT32[1]}", new HoneException(FakeGpu.LOST))));
    FakeGpu gpu = FakeGpu.ready();
    open(Device.best(), gpu).close();
    assertThat(gpu.obstacle(0)).hasValue(FakeGpu.LOST);
  }

  @Test
  void nodesThatStayOnTheCpuAreNamedWhereTheGpuComputes() {
    SessionReport.Node product = new SessionReport.Node("a", "MatMul", "CUDAExecutionProvider");
    SessionReport.Node shape = new SessionReport.Node("b", "Shape", "CPUExecutionProvider");
    SessionReport.Node range = new SessionReport.Node("c", "Range", "CPUExecutionProvider");
    open(Device.cuda(0), FakeGpu.ready()).close();
    Placement onGpu = opened.get(0);
    assertThat(onGpu.strays(List.of(product, shape, range, shape)).orElseThrow())
        .startsWith("3 of 4 nodes run on the CPU")
        .endsWith("1 Range, 2 Shape.");
    assertThat(onGpu.strays(List.of(product))).isEmpty();
    assertThat(Placement.CPU.strays(List.of(shape))).isEmpty();
  }

  @Test
  void memoryOfBothDevicesIsGivenBackWhereTheGpuComputes() {
    open(Device.cuda(2), FakeGpu.ready()).close();
    assertThat(opened.get(0).arenas()).isEqualTo("cpu:0;gpu:2");
    assertThat(Placement.CPU.arenas()).isEqualTo("cpu:0");
  }
}
