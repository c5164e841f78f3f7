package dev.hone.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** Memory for weights. */
class TensorDataTest {
  private static final int LARGE_BYTES = 64 << 20;

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** Java waits for half a second before it refuses more direct memory than there is heap. */
  @Test
  void aLargeWeightTakesNothingOfJavasDirectMemory() {
    long before = directBytes();
    ByteBuffer weight = TensorData.littleEndian(LARGE_BYTES);
    assertThat(directBytes() - before).isLessThan(LARGE_BYTES / 2);
    assertThat(weight.remaining()).isEqualTo(LARGE_BYTES);
    assertThat(weight.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(weight.isDirect()).isTrue();
  }

  @Test
  void aNewWeightIsAllZeros() {
    ByteBuffer weight = TensorData.littleEndian(3 << 20);
    while (weight.hasRemaining()) {
      assertThat(weight.getLong()).isZero();
    }
  }
}
