package dev.hone.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.DeviceBlock;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import org.junit.jupiter.api.Test;

/** How kernels are called: how many threads, and that they are loaded once and given back. */
class LaunchTest {
  @Test
  void aBlockHasAPowerOfTwoOfThreads() {
    for (int width = 1; width < 2000; width++) {
      Launch launch = Launch.meanPool(DataType.FLOAT16, 1, 2, 3, 7, 128, width);
      assertThat(Integer.bitCount(launch.threads())).isEqualTo(1);
      assertThat(launch.threads()).isBetween(32, 256);
      assertThat(launch.blocks()).isEqualTo(7);
    }
  }

  @Test
  void imagesOfAnySizeHaveEnoughAndNotTooManyBlocks() {
    assertThat(Launch.image(DataType.FLOAT32, 1, 2, 3, 1, 1, 3).blocks()).isEqualTo(1);
    assertThat(Launch.image(DataType.FLOAT32, 1, 2, 3, 1, 257, 3).blocks()).isEqualTo(2);
    assertThat(Launch.image(DataType.FLOAT32, 1, 2, 3, 0, 257, 3).blocks()).isEqualTo(1);
    assertThat(Launch.image(DataType.FLOAT32, 1, 2, 3, 1 << 20, 1 << 20, 3).blocks())
        .isEqualTo(4096);
  }

  @Test
  void otherTypesAndSizesAreRefused() {
    assertThatThrownBy(() -> Launch.meanPool(DataType.INT8, 1, 2, 3, 1, 1, 1))
        .hasMessageContaining("FLOAT32 or FLOAT16, not with INT8");
    assertThatThrownBy(() -> new Launch("k", 0, 32, new long[0])).hasMessageContaining("0 of 32");
    assertThatThrownBy(() -> new Launch("k", 1, 2000, new long[0])).hasMessageContaining("2000");
  }

  @Test
  void kernelsAreLaunchedOnAStreamAndGivenBack() {
    FakeCuda cuda = new FakeCuda(1);
    cuda.define("image_to_float", (heap, arguments) -> heap.bytes(arguments[1], 4).putFloat(0, 42));
    try (CudaDevice device = new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT);
        DeviceBlock block = device.memory().take(16);
        CudaStream stream = device.openStream();
        LoadedKernels kernels = new LoadedKernels(device, new byte[] {1, 2, 3})) {
      long at = block.address();
      for (int i = 0; i < 3; i++) {
        kernels.launch(Launch.image(DataType.FLOAT32, at, at, at, 1, 1, 1), stream);
      }
      stream.synchronize();
      assertThat(cuda.bytes(at, 4).getFloat(0)).isEqualTo(42);
      Launch unknown = Launch.image(DataType.FLOAT16, at, at, at, 1, 1, 1);
      assertThatThrownBy(() -> kernels.launch(unknown, stream))
          .isInstanceOf(HoneException.class)
          .hasMessageContaining("looking for the kernel image_to_half");
    }
    cuda.verifyClean();
  }
}
