package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.DataType;
import dev.hone.contract.NoLeaks;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaEvent;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.DeviceBlock;
import dev.hone.cuda.device.DeviceProperties;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.cuda.driver.RealCuda;
import dev.hone.cuda.kernels.KernelSource;
import dev.hone.cuda.kernels.Launch;
import dev.hone.cuda.kernels.LoadedKernels;
import dev.hone.cuda.kernels.NvccCompiler;
import dev.hone.memory.Memory;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Memory, streams, graphs and kernels on a real GPU. */
@Tag("gpu")
@ExtendWith({NeedsGpu.class, NoLeaks.class})
class RealCudaOnGpuTest {
  private static final int BYTES = 1 << 20;

  private static CudaDevice open() {
    return new CudaDevice(new RealCuda(0), "cuda:0", MemoryLimits.DEFAULT);
  }

  private static void fill(Memory memory, int value) {
    memory.lend(
        0,
        memory.byteSize(),
        bytes -> {
          for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, (byte) value);
          }
        });
  }

  private static void isFilled(Memory memory, int value) {
    memory.lend(
        0,
        memory.byteSize(),
        bytes -> {
          for (int i = 0; i < bytes.capacity(); i++) {
            assertThat(bytes.get(i)).isEqualTo((byte) value);
          }
        });
  }

  @Test
  void bytesGoThroughTwoStreamsAndBack() {
    try (CudaDevice device = open();
        DeviceBlock block = device.memory().take(BYTES);
        Memory from = device.pinned().take(BYTES);
        Memory to = device.pinned().take(BYTES);
        CudaStream in = device.openStream();
        CudaStream out = device.openStream();
        CudaEvent copied = device.openEvent();
        CudaEvent done = device.openEvent()) {
      for (int value = 1; value < 20; value++) {
        fill(from, value);
        in.copyToDevice(block.address(), from.address(), BYTES);
        in.record(copied);
        out.waitFor(copied);
        out.copyToHost(to.address(), block.address(), BYTES);
        out.record(done);
        done.await();
        assertThat(done.isDone()).isTrue();
        isFilled(to, value);
      }
    }
  }

  @Test
  void aGraphCopiesWhatLiesThereWhenItIsLaunched() {
    try (CudaDevice device = open();
        DeviceBlock block = device.memory().take(BYTES);
        Memory from = device.pinned().take(BYTES);
        Memory to = device.pinned().take(BYTES);
        CudaStream stream = device.openStream()) {
      long[] graph = new long[1];
      long[] executable = new long[1];
      device.check(device.api().beginCapture(stream.handle()), "capturing");
      stream.copyToDevice(block.address(), from.address(), BYTES);
      stream.copyToHost(to.address(), block.address(), BYTES);
      device.check(device.api().endCapture(stream.handle(), graph), "capturing");
      device.check(device.api().instantiateGraph(graph[0], executable), "making it ready");
      device.check(device.api().destroyGraph(graph[0]), "giving it back");
      for (int value = 1; value < 5; value++) {
        fill(from, value);
        device.check(device.api().launchGraph(executable[0], stream.handle()), "launching");
        stream.synchronize();
        isFilled(to, value);
      }
      device.check(device.api().destroyExecutableGraph(executable[0]), "giving it back");
    }
  }

  @Test
  void anEmbeddingIsTheNormalizedMean() {
    Optional<NvccCompiler> nvcc = NvccCompiler.find();
    Assumptions.assumeTrue(nvcc.isPresent(), "nvcc is not installed");
    RealCuda cuda = new RealCuda(0);
    DeviceProperties[] properties = new DeviceProperties[1];
    assertThat(cuda.properties(properties)).isZero();
    byte[] cubin = nvcc.orElseThrow().compile(KernelSource.MEAN_POOL, properties[0].architecture());
    try (CudaDevice device = new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT);
        DeviceBlock hidden = device.memory().take(24);
        DeviceBlock mask = device.memory().take(16);
        DeviceBlock out = device.memory().take(12);
        Memory host = device.pinned().take(256);
        CudaStream stream = device.openStream();
        LoadedKernels kernels = new LoadedKernels(device, cubin)) {
      host.lend(
          0,
          256,
          bytes -> {
            bytes.asFloatBuffer().put(new float[] {1, 2, 2, 7, 7, 7});
            bytes.putLong(64, 1).putLong(72, 0);
          });
      stream.copyToDevice(hidden.address(), host.address(), 24);
      stream.copyToDevice(mask.address(), host.address() + 64, 16);
      Launch launch =
          Launch.meanPool(
              DataType.FLOAT32, hidden.address(), mask.address(), out.address(), 1, 2, 3);
      kernels.launch(launch, stream);
      stream.copyToHost(host.address() + 128, out.address(), 12);
      stream.synchronize();
      float[] got = new float[3];
      host.lend(128, 12, bytes -> bytes.asFloatBuffer().get(got));
      assertThat(got).containsExactly(new float[] {1 / 3f, 2 / 3f, 2 / 3f}, within(1e-6f));
    }
  }
}
