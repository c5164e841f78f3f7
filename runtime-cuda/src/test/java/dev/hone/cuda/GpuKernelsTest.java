package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.FakeHeap;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.cuda.kernels.CubinCache;
import dev.hone.cuda.kernels.KernelCompiler;
import dev.hone.cuda.kernels.KernelSource;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernels get the tensors and sizes that they are meant for, on a fake device. What they
 * compute is tested with their own source.
 */
@ExtendWith(NoLeaks.class)
class GpuKernelsTest {
  private static final float[] MEAN = {0.5f, 0.25f};
  private static final float[] DEVIATION = {0.5f, 0.125f};

  private final FakeCuda cuda = new FakeCuda(11);
  private final GpuMemory gpu = new GpuMemory(new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT));
  private final List<String> compiled = new ArrayList<>();

  @AfterEach
  void closeAndVerify() {
    gpu.close();
    cuda.verifyClean();
  }

  private final class Compiler implements KernelCompiler {
    @Override
    public String version() {
      return "1";
    }

    @Override
    public byte[] compile(KernelSource source, int architecture) {
      compiled.add(source + " " + architecture);
      return new byte[] {1};
    }
  }

  private GpuKernels open(Path folder) {
    return new GpuKernels(gpu, new CubinCache(folder), () -> Optional.of(new Compiler()));
  }

  private Tensor onGpu(Tensor host) {
    try (host) {
      Tensor there = gpu.allocate(host.type(), host.shape());
      gpu.copyToGpu(host, there);
      return there;
    }
  }

  private float[] floats(Tensor there) {
    try (Tensor host = Tensor.allocate(there.type(), there.shape())) {
      gpu.copyToHost(there, host);
      return host.toFloatArray();
    }
  }

  /** Two texts of three tokens, two wide; without the scaling. */
  private static void sums(FakeHeap heap, long[] arguments) {
    assertThat(arguments).endsWith(3, 2);
    ByteBuffer tokens = heap.bytes(arguments[0], 48);
    ByteBuffer mask = heap.bytes(arguments[1], 48);
    ByteBuffer out = heap.bytes(arguments[2], 16);
    for (int i = 0; i < 4; i++) {
      float sum = 0;
      for (int t = i / 2 * 3; t < i / 2 * 3 + 3; t++) {
        sum += mask.getLong(8 * t) == 0 ? 0 : tokens.getFloat(4 * (2 * t + i % 2));
      }
      out.putFloat(4 * i, sum);
    }
  }

  @Test
  void tokensMaskAndEmbeddingsReachTheKernel(@TempDir Path folder) {
    cuda.define("mean_pool_float", GpuKernelsTest::sums);
    float[] values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    try (GpuKernels kernels = open(folder);
        Tensor tokens = onGpu(Tensor.of(values, 2, 3, 2));
        Tensor mask = onGpu(Tensor.of(new long[] {1, 1, 0, 0, 0, 1}, 2, 3));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(2, 2))) {
      kernels.meanPool(tokens, mask, out);
      assertThat(floats(out)).containsExactly(4, 6, 11, 12);
    }
  }

  @Test
  void bytesPlanesAndFactorsReachTheKernel(@TempDir Path folder) {
    cuda.define(
        "image_to_float",
        (heap, arguments) -> {
          assertThat(arguments).endsWith(1, 2, 2);
          ByteBuffer in = heap.bytes(arguments[0], 4);
          ByteBuffer out = heap.bytes(arguments[1], 16);
          ByteBuffer factors = heap.bytes(arguments[2], 16);
          for (int i = 0; i < 4; i++) {
            int channel = i / 2;
            float value = in.get(i % 2 * 2 + channel) & 0xff;
            out.putFloat(
                4 * i, value * factors.getFloat(4 * channel) + factors.getFloat(8 + 4 * channel));
          }
        });
    long[] pixels = {0, 0, 255, 255};
    try (GpuKernels kernels = open(folder);
        Tensor host = Tensor.allocate(DataType.UINT8, Shape.of(1, 1, 2, 2));
        Tensor bytes = gpu.allocate(DataType.UINT8, Shape.of(1, 1, 2, 2));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(1, 2, 1, 2))) {
      host.copyFrom(pixels);
      gpu.copyToGpu(host, bytes);
      kernels.image(bytes, MEAN, DEVIATION, out);
      assertThat(floats(out)).containsExactly(-1, 1, -2, 6);
    }
  }

  @Test
  void aKernelIsCompiledAtItsFirstUseAndKeptForTheNextProcess(@TempDir Path folder) {
    cuda.define("mean_pool_float", GpuKernelsTest::sums);
    try (Tensor tokens = onGpu(Tensor.of(new float[12], 2, 3, 2));
        Tensor mask = onGpu(Tensor.of(new long[6], 2, 3));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(2, 2))) {
      for (int i = 0; i < 2; i++) {
        try (GpuKernels kernels = open(folder)) {
          assertThat(compiled).hasSize(i); // opening compiles nothing
          kernels.meanPool(tokens, mask, out);
          kernels.meanPool(tokens, mask, out);
        }
        assertThat(compiled).containsExactly("MEAN_POOL 90");
      }
    }
  }

  @Test
  void withoutACompilerTheStepsThatNeedNoneAreNamed(@TempDir Path folder) {
    try (GpuKernels kernels = new GpuKernels(gpu, new CubinCache(folder), Optional::empty);
        Tensor tokens = gpu.allocate(DataType.FLOAT16, Shape.of(2, 3, 2));
        Tensor mask = gpu.allocate(DataType.INT64, Shape.of(2, 3));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(2, 2))) {
      assertThatThrownBy(() -> kernels.meanPool(tokens, mask, out))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("libnvrtc.so.13", "EmbeddingOutput", "ImageInput");
    }
  }

  @Test
  void tensorsThatDoNotFitAreRefused(@TempDir Path folder) {
    try (GpuKernels kernels = open(folder);
        Tensor tokens = gpu.allocate(DataType.FLOAT32, Shape.of(2, 3, 2));
        Tensor mask = gpu.allocate(DataType.INT64, Shape.of(2, 3));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(2, 2));
        Tensor planes = gpu.allocate(DataType.FLOAT32, Shape.of(1, 2, 1, 1));
        Tensor bytes = gpu.allocate(DataType.UINT8, Shape.of(1, 1, 1, 2));
        Tensor host = Tensor.allocate(DataType.FLOAT32, Shape.of(2, 2))) {
      refused(() -> kernels.meanPool(mask, mask, out), "FLOAT32 or FLOAT16 of 3 dimensions");
      refused(() -> kernels.meanPool(tokens, out, out), "The mask must be INT64[2, 3]");
      refused(() -> kernels.meanPool(tokens, mask, tokens), "embeddings must be FLOAT32[2, 2]");
      refused(() -> kernels.meanPool(tokens, mask, host), "lies on the host");
      refused(() -> kernels.image(planes, MEAN, DEVIATION, planes), "UINT8[1, 1, 1, 2]");
      refused(() -> kernels.image(bytes, MEAN, new float[] {1}, planes), "each of 2 channels");
      refused(() -> kernels.image(bytes, MEAN, new float[2], planes), "above 0");
    }
    assertThat(compiled).isEmpty();
  }

  private static void refused(Runnable use, String why) {
    assertThatThrownBy(use::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aKernelThatFailsSaysSoAndNothingWorksOnceItIsClosed(@TempDir Path folder) {
    cuda.define("mean_pool_float", GpuKernelsTest::sums);
    try (GpuKernels kernels = open(folder);
        Tensor tokens = onGpu(Tensor.of(new float[12], 2, 3, 2));
        Tensor mask = onGpu(Tensor.of(new long[6], 2, 3));
        Tensor out = gpu.allocate(DataType.FLOAT32, Shape.of(2, 2))) {
      kernels.meanPool(tokens, mask, out);
      cuda.failCall(1, CudaError.UNKNOWN);
      assertThatThrownBy(() -> kernels.meanPool(tokens, mask, out))
          .isInstanceOf(HoneException.class)
          .hasMessageContaining("cuda:0");
      kernels.meanPool(tokens, mask, out);
      kernels.close();
      assertThatThrownBy(() -> kernels.meanPool(tokens, mask, out))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }
}
