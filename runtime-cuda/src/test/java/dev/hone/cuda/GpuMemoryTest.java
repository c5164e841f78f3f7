package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tensors that stay on a device, which is a fake. */
@ExtendWith(NoLeaks.class)
class GpuMemoryTest {
  private final FakeCuda cuda = new FakeCuda(11);
  private final CudaDevice device = new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT);
  private final GpuMemory gpu = new GpuMemory(device);

  @AfterEach
  void closeAndVerify() {
    gpu.close();
    cuda.verifyClean();
  }

  private static float[] random(int count) {
    Random random = new Random(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  @Test
  void whatWasCopiedThereComesBack() {
    for (int count : new int[] {0, 1, 1000, 3_000_001}) { // the last one in several parts
      try (Tensor host = Tensor.of(random(count));
          Tensor there = gpu.allocate(DataType.FLOAT32, Shape.of(count));
          Tensor back = Tensor.allocate(DataType.FLOAT32, Shape.of(count))) {
        gpu.copyToGpu(host, there);
        gpu.copyToHost(there, back);
        assertThat(back.toFloatArray()).isEqualTo(host.toFloatArray());
      }
    }
  }

  @Test
  void bytesAreCountedWhileATensorHasThem() {
    assertThat(gpu.liveBytes()).isZero();
    Tensor tensor = gpu.allocate(DataType.INT64, Shape.of(4, 8));
    assertThat(tensor.byteSize()).isEqualTo(256);
    assertThat(gpu.liveBytes()).isEqualTo(256);
    tensor.close();
    tensor.close();
    assertThat(gpu.liveBytes()).isZero();
    assertThat(gpu.idleBytes()).isEqualTo(256);
    try (Tensor next = gpu.allocate(DataType.FLOAT16, Shape.of(128))) {
      assertThat(next.byteSize()).isEqualTo(256);
      assertThat(device.memory().stats().allocations()).isOne(); // used again
    }
    assertThat(gpu.peakBytes()).isEqualTo(256);
  }

  @Test
  void theHostCannotReadOrWriteIt() {
    try (Tensor there = gpu.allocate(DataType.FLOAT32, Shape.of(2));
        Tensor host = Tensor.of(new float[2])) {
      for (Runnable use :
          new Runnable[] {
            there::toFloatArray,
            there::view,
            () -> there.copyFrom(new float[2]),
            () -> there.copyFrom(host),
            () -> host.copyFrom(there)
          }) {
        assertThatThrownBy(use::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContainingAll("lies on cuda:0", "GpuMemory");
      }
    }
  }

  @Test
  void copiesThatMakeNoSenseAreRefused() {
    try (Tensor two = gpu.allocate(DataType.FLOAT32, Shape.of(2));
        Tensor host = Tensor.of(new float[2]);
        Tensor three = Tensor.of(new float[3])) {
      assertThatThrownBy(() -> gpu.copyToGpu(three, two))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("one type and count", "FLOAT32[3]", "FLOAT32[2]");
      assertThatThrownBy(() -> gpu.copyToGpu(two, host))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("must lie on cuda:0", "lies on the host");
      assertThatThrownBy(() -> gpu.copyToHost(two, two))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be of the host");
      assertThatThrownBy(() -> gpu.allocate(DataType.STRING, Shape.of(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("STRING");
    }
  }

  @Test
  void whatIsClosedCannotBeCopied() {
    Tensor there = gpu.allocate(DataType.FLOAT32, Shape.of(2));
    there.close();
    try (Tensor host = Tensor.of(new float[2])) {
      assertThatThrownBy(() -> gpu.copyToGpu(host, there))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void afterClosingTensorsThatAreStillOpenStayGoodUntilTheyAreClosed() {
    Tensor left = gpu.allocate(DataType.FLOAT32, Shape.of(2));
    gpu.close();
    gpu.close();
    try (Tensor host = Tensor.of(new float[2])) {
      assertThatThrownBy(() -> gpu.copyToGpu(host, left))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was closed");
      assertThatThrownBy(() -> gpu.allocate(DataType.FLOAT32, Shape.of(2)))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(gpu.liveBytes()).isEqualTo(256);
    left.close();
    assertThat(gpu.liveBytes()).isZero();
  }

  @Test
  void aForgottenTensorIsGivenBackAndReported() {
    assertThat(NoLeaks.leaksOf(() -> gpu.allocate(DataType.FLOAT32, Shape.of(100)))).isOne();
    assertThat(gpu.liveBytes()).isZero();
  }

  @Test
  void aCopyThatFailsLeavesNothingUnderWay() {
    try (Tensor host = Tensor.of(random(100));
        Tensor there = gpu.allocate(DataType.FLOAT32, Shape.of(100));
        Tensor back = Tensor.allocate(DataType.FLOAT32, Shape.of(100))) {
      for (int call = 1; call < 8; call++) {
        cuda.failCall(call, CudaError.UNKNOWN);
        try {
          gpu.copyToGpu(host, there);
          gpu.copyToHost(there, back);
        } catch (HoneException e) {
          assertThat(e).hasMessageContaining("999");
        }
        cuda.failCall(Long.MAX_VALUE / 2, CudaError.UNKNOWN);
      }
      gpu.copyToGpu(host, there);
      gpu.copyToHost(there, back);
      assertThat(back.toFloatArray()).isEqualTo(host.toFloatArray());
    }
  }

  @Test
  void whereThereIsNoMemoryLeftThatIsSaid() {
    assertThatThrownBy(() -> gpu.allocate(DataType.FLOAT64, Shape.of(1L << 50)))
        .isInstanceOf(OutOfMemoryException.class)
        .hasMessageContaining("cuda:0");
  }

  @Test
  void aSessionOnTheProcessorRefusesATensorThatLiesOnAGpu() {
    try (Session session = Session.open(OneProduct.model());
        Batch host = OneProduct.input()) {
      Tensor like = host.tensor(0);
      try (Batch in = Batch.of(host.name(0), gpu.allocate(like.type(), like.shape()))) {
        assertThatThrownBy(() -> session.run(in))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll("must be in memory of the host", "lies on cuda:0");
      }
    }
  }

  @Test
  void whereNoGpuCanBeUsedTheWholeDiagnosisIsTold() {
    assumeFalse(CudaDiagnostics.report().isReady(), "a GPU can be used here");
    assertThatThrownBy(() -> GpuMemory.of(0))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0", CudaDiagnostics.report().status().remedy());
  }
}
