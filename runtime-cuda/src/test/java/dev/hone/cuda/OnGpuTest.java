package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.cuda.driver.NvrtcCompiler;
import dev.hone.onnx.OnnxOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Sessions on a real GPU. */
@Tag("gpu")
@ExtendWith({NeedsGpu.class, NoLeaks.class})
class OnGpuTest {
  private static final double EXACT = 1e-4;

  private static SessionOptions on(Device device, CudaOptions cuda) {
    return SessionOptions.builder()
        .device(device)
        .runtime(OnnxOptions.builder().gpu(cuda).build())
        .build();
  }

  private static void verify(Session session) {
    try (Session cpu = Session.open(OneProduct.model());
        Batch in = OneProduct.input();
        Batch expected = cpu.run(in);
        Batch out = session.run(in)) {
      float[] wanted = expected.get("y").toFloatArray();
      float[] got = out.get("y").toFloatArray();
      assertThat(got).hasSameSizeAs(wanted);
      for (int i = 0; i < got.length; i++) {
        assertThat((double) got[i]).isCloseTo(wanted[i], within(EXACT * (1 + Math.abs(wanted[i]))));
      }
    }
  }

  @Test
  void theAnswersAreThoseOfTheCpu() {
    CudaOptions exact = CudaOptions.builder().tf32(false).build();
    try (Session session = Session.open(OneProduct.model(), on(Device.cuda(0), exact))) {
      assertThat(session.device()).isEqualTo(Device.cuda(0));
      assertThat(session.report().nodesByProvider()).containsKey("CUDAExecutionProvider");
      verify(session);
    }
  }

  @Test
  void theBestDeviceIsTheGpu() {
    try (Session session = Session.open(OneProduct.model(), SessionOptions.of(Device.best()))) {
      assertThat(session.device()).isEqualTo(Device.cuda(0));
    }
  }

  @Test
  void everyOptionIsTaken() {
    CudaOptions all =
        CudaOptions.builder()
            .memoryLimitBytes(1L << 30)
            .arenaGrowth(CudaOptions.ArenaGrowth.DOUBLING)
            .convolutionSearch(CudaOptions.ConvolutionSearch.EXHAUSTIVE)
            .maximalWorkspace(false)
            .tf32(false)
            .copyInComputeStream(false)
            .channelsLast(true)
            .strictLayerNorm(true)
            .memoryPattern(true)
            .build();
    try (Session session = Session.open(OneProduct.model(), on(Device.cuda(0), all))) {
      verify(session);
    }
  }

  @Test
  void manyCallersShareASession() {
    try (Session session = Session.open(OneProduct.model(), SessionOptions.of(Device.cuda(0)));
        Batch in = OneProduct.input();
        Batch first = session.run(in)) {
      List<CompletableFuture<Batch>> runs = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        runs.add(session.runAsync(in));
      }
      for (CompletableFuture<Batch> run : runs) {
        try (Batch out = run.join()) {
          assertThat(out.get("y").toFloatArray()).isEqualTo(first.get("y").toFloatArray());
        }
      }
    }
  }

  @Test
  void tensorsThatStayOnTheGpuGiveTheSameAnswers() {
    try (Session session = Session.open(OneProduct.model(), SessionOptions.of(Device.cuda(0)));
        GpuMemory gpu = GpuMemory.of(0);
        Batch in = OneProduct.input();
        Batch expected = session.run(in);
        Batch there = Batch.of("x", gpu.allocate(DataType.FLOAT32, in.get("x").shape()));
        Batch out = Batch.of("y", gpu.allocate(DataType.FLOAT32, expected.get("y").shape()));
        Tensor back = Tensor.allocate(DataType.FLOAT32, expected.get("y").shape())) {
      gpu.copyToGpu(in.get("x"), there.get("x"));
      session.run(there, out);
      gpu.copyToHost(out.get("y"), back);
      assertThat(back.toFloatArray()).isEqualTo(expected.get("y").toFloatArray());
    }
  }

  @Test
  void runsOfTheSameShapesBecomeGraphs() {
    CudaOptions graphs = CudaOptions.builder().tf32(false).graphShapes(1).build();
    try (Session session = Session.open(OneProduct.model(), on(Device.cuda(0), graphs))) {
      for (int i = 0; i < 8; i++) {
        verify(session);
      }
      assertThat(session.report().notes())
          .anyMatch(note -> note.matches(".*[1-9] captured, [1-9]\\d* runs were replays.*"));
    }
  }

  @Test
  void callersOfABatcherShareRuns() {
    CudaOptions exact = CudaOptions.builder().tf32(false).build();
    try (Session session = Session.open(OneProduct.model(), on(Device.cuda(0), exact));
        Batcher batcher = Batcher.over(session, BatchPolicy.automatic())) {
      verify(batcher);
    }
  }

  @Test
  void bothKernelsComputeWhatTheyShould(@TempDir Path folder) {
    assumeTrue(NvrtcCompiler.find().isPresent(), "libnvrtc.so.13 cannot be loaded");
    try (GpuMemory gpu = GpuMemory.of(0);
        GpuKernels kernels = GpuKernels.open(gpu, folder);
        Tensor tokens = there(gpu, Tensor.of(new float[] {1, 2, 2, 7, 7, 7}, 1, 2, 3));
        Tensor mask = there(gpu, Tensor.of(new long[] {1, 0}, 1, 2));
        Tensor embedding = gpu.allocate(DataType.FLOAT32, Shape.of(1, 3));
        Tensor pixels = there(gpu, bytes(0, 51, 102, 255));
        Tensor planes = gpu.allocate(DataType.FLOAT32, Shape.of(1, 2, 1, 2));
        Tensor three = Tensor.allocate(DataType.FLOAT32, Shape.of(1, 3));
        Tensor four = Tensor.allocate(DataType.FLOAT32, planes.shape())) {
      kernels.meanPool(tokens, mask, embedding);
      kernels.image(pixels, new float[] {0, 0.2f}, new float[] {1, 0.5f}, planes);
      gpu.copyToHost(embedding, three);
      gpu.copyToHost(planes, four);
      assertThat(three.toFloatArray())
          .containsExactly(new float[] {1 / 3f, 2 / 3f, 2 / 3f}, within(1e-6f));
      assertThat(four.toFloatArray())
          .containsExactly(new float[] {0, 0.4f, 0, 1.6f}, within(1e-6f));
    }
  }

  /** One row of two pixels with two channels each. */
  private static Tensor bytes(int... values) {
    Tensor tensor = Tensor.allocate(DataType.UINT8, Shape.of(1, 1, 2, 2));
    tensor
        .memory()
        .lend(
            0,
            values.length,
            bytes -> {
              for (int value : values) {
                bytes.put((byte) value);
              }
            });
    return tensor;
  }

  /** Takes the tensor of the host. */
  private static Tensor there(GpuMemory gpu, Tensor host) {
    try (host) {
      Tensor there = gpu.allocate(host.type(), host.shape());
      gpu.copyToGpu(host, there);
      return there;
    }
  }

  @Test
  void aGpuThatIsNotThereIsRefusedWithThoseThatAre() {
    assertThatThrownBy(
            () -> Session.open(OneProduct.model(), SessionOptions.of(Device.cuda(99))).close())
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:99", "cuda:0");
  }
}
