package dev.hone.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.contract.NoLeaks;
import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pools, streams and events: counted to the byte, and closed in any order that is allowed. */
@ExtendWith(NoLeaks.class)
class DeviceMemoryTest {
  private static final MemoryLimits SMALL = new MemoryLimits(4096, 1024, 4096, 1024);

  private final FakeCuda cuda = new FakeCuda(1);

  private CudaDevice open(MemoryLimits limits) {
    return new CudaDevice(cuda, "cuda:0", limits);
  }

  private long allocated() {
    long[] freeAndTotal = new long[2];
    assertThat(cuda.memoryInfo(freeAndTotal)).isZero();
    return freeAndTotal[1] - freeAndTotal[0];
  }

  private void agrees(CudaDevice device) {
    PoolStats stats = device.memory().stats();
    assertThat(stats.liveBytes() + stats.idleBytes()).isEqualTo(allocated());
  }

  @Test
  void theBooksAgreeWithTheDeviceWhateverIsTakenAndGivenBack() {
    Random random = new Random(7);
    try (CudaDevice device = open(new MemoryLimits(1 << 20, 1 << 16, 1 << 20, 1 << 16))) {
      List<DeviceBlock> blocks = new ArrayList<>();
      List<Memory> pinned = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        if (random.nextInt(3) > 0 && blocks.size() < 20) {
          blocks.add(device.memory().take(random.nextInt(20_000)));
          pinned.add(device.pinned().take(random.nextInt(20_000)));
        } else if (!blocks.isEmpty()) {
          blocks.remove(random.nextInt(blocks.size())).close();
          pinned.remove(random.nextInt(pinned.size())).close();
        }
        agrees(device);
        long live = blocks.stream().mapToLong(DeviceBlock::bytes).sum();
        assertThat(device.memory().stats().liveBytes()).isEqualTo(live);
      }
      assertThat(device.memory().stats().allocations()).isLessThan(1000);
      blocks.forEach(DeviceBlock::close);
      pinned.forEach(Memory::close);
      assertThat(device.memory().stats().liveBytes()).isZero();
      assertThat(device.pinned().stats().liveBytes()).isZero();
    }
    cuda.verifyClean();
  }

  @Test
  void sizesAreRoundedByAFifthAtMostAndToWhatCudaAligns() {
    for (long bytes = 1; bytes < 200_000; bytes += 37) {
      long rounded = BlockPool.roundUp(bytes);
      assertThat(rounded).isGreaterThanOrEqualTo(bytes);
      if (bytes > BlockPool.SMALLEST_BYTES) {
        assertThat(rounded - bytes).isLessThanOrEqualTo(rounded / 5);
      }
    }
  }

  @Test
  void memoryIsUsedAgain() {
    try (CudaDevice device = open(SMALL)) {
      long first;
      try (DeviceBlock block = device.memory().take(300)) {
        first = block.address();
      }
      try (DeviceBlock block = device.memory().take(310)) {
        assertThat(block.address()).isEqualTo(first);
      }
      assertThat(device.memory().stats().allocations()).isEqualTo(1);
    }
    cuda.verifyClean();
  }

  @Test
  void closingABlockTwiceGivesItBackOnce() {
    try (CudaDevice device = open(SMALL)) {
      DeviceBlock block = device.memory().take(300);
      block.close();
      block.close();
      assertThat(device.memory().stats().liveBytes()).isZero();
      try (DeviceBlock one = device.memory().take(300);
          DeviceBlock two = device.memory().take(300)) {
        assertThat(one.address()).isNotEqualTo(two.address());
      }
    }
    cuda.verifyClean();
  }

  @Test
  void aLimitIsKeptAndToldAndWhatIsIdleMakesRoomFirst() {
    try (CudaDevice device = open(SMALL)) {
      device.memory().take(1024).close();
      assertThat(device.memory().stats().idleBytes()).isEqualTo(1024);
      try (DeviceBlock block = device.memory().take(3500)) { // fits only without what is idle
        assertThat(block.bytes()).isEqualTo(3584);
        assertThatThrownBy(() -> device.memory().take(1000))
            .isInstanceOf(OutOfMemoryException.class)
            .hasMessageContainingAll(
                "cuda:0", "taking 1000 bytes", "3584 bytes in use and 0 idle", "smaller batches");
        assertThat(device.memory().stats().refusals()).isEqualTo(1);
      }
    }
    cuda.verifyClean();
  }

  @Test
  void whereTheDeviceHasNoMemoryWhatIsIdleMakesRoomFirst() {
    cuda.limitBytes(2048);
    try (CudaDevice device = open(MemoryLimits.DEFAULT)) {
      device.memory().take(1024).close();
      device.memory().take(2048).close();
      assertThatThrownBy(() -> device.memory().take(2049)).isInstanceOf(OutOfMemoryException.class);
      agrees(device);
    }
    cuda.verifyClean();
  }

  @Test
  void beyondItsLimitThePinnedPoolGivesOnlyWhatMustBe() {
    try (CudaDevice device = open(SMALL);
        Memory most = device.pinned().take(4000)) {
      assertThat(most.byteSize()).isEqualTo(4000);
      assertThat(device.pinned().takeIfThereIs(1000)).isNull();
      assertThat(device.pinned().stats().refusals()).isEqualTo(1);
      device.pinned().take(1000).close(); // for who cannot do without
    }
    cuda.verifyClean();
  }

  @Test
  void thePinnedPoolKnowsItsOwn() {
    try (CudaDevice device = open(SMALL);
        Memory own = device.pinned().take(512);
        Memory other = Memory.allocate(512)) {
      assertThat(device.pinned().contains(own.address(), 512)).isTrue();
      assertThat(device.pinned().contains(own.address() + 500, 12)).isTrue();
      assertThat(device.pinned().contains(own.address() + 500, 13)).isFalse();
      assertThat(device.pinned().contains(own.address() - 1, 1)).isFalse();
      assertThat(device.pinned().contains(own.address() + 512, 1)).isFalse();
      assertThat(device.pinned().contains(other.address(), 512)).isFalse();
    }
    cuda.verifyClean();
  }

  @Test
  void pinnedMemoryOutlivesItsDeviceForAsLongAsItIsUsed() {
    CudaDevice device = open(SMALL);
    Memory memory = device.pinned().take(512);
    device.close();
    memory.lend(0, 512, bytes -> bytes.put(0, (byte) 1));
    memory.close();
    cuda.verifyClean();
    assertThatThrownBy(() -> device.pinned().take(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("device was closed");
  }

  @Test
  void pinnedMemoryThatIsViewedIsNotUsedAgain() {
    try (CudaDevice device = open(SMALL)) {
      ByteBuffer view;
      try (Memory memory = device.pinned().take(512)) {
        view = memory.view(0, 512);
        view.put(0, (byte) 42);
      }
      try (Memory next = device.pinned().take(512)) {
        next.lend(0, 512, bytes -> bytes.put(0, (byte) 7));
        assertThat(view.get(0)).isEqualTo((byte) 42);
      }
      view = ByteBuffer.allocate(0);
      long deadlineNanos = System.nanoTime() + 60_000_000_000L;
      while (device.pinned().stats().liveBytes() > 0 && System.nanoTime() - deadlineNanos < 0) {
        NoLeaks.collect();
      }
      assertThat(view.capacity()).isZero();
      assertThat(device.pinned().stats().liveBytes()).isZero();
    }
  }

  @Test
  void whatIsLeftOpenIsToldWithItsPlace() {
    CudaDevice device = open(SMALL);
    DeviceBlock block = device.memory().take(300);
    CudaStream stream = device.openStream();
    CudaEvent event = device.openEvent();
    device.close();
    assertThat(device.open()).hasSize(3);
    assertThat(device.open().get(1)).startsWith("an event");
    assertThat(device.open().get(0)).startsWith("a stream");
    assertThat(device.open().get(2))
        .startsWith("device memory of 320 bytes")
        .contains("DeviceMemoryTest");
    event.close();
    stream.close();
    block.close();
    assertThat(device.open()).isEmpty();
    cuda.verifyClean();
  }

  @Test
  void closingAStreamWaitsForItsWork() {
    for (int seed = 0; seed < 50; seed++) {
      FakeCuda fake = new FakeCuda(seed);
      try (CudaDevice device = new CudaDevice(fake, "cuda:0", SMALL);
          DeviceBlock block = device.memory().take(256);
          Memory pinned = device.pinned().take(256);
          CudaStream stream = device.openStream();
          CudaEvent event = device.openEvent()) {
        stream.copyToDevice(block.address(), pinned.address(), 256);
        stream.record(event);
        stream.copyToDevice(block.address(), pinned.address(), 0); // which is nothing
        if (seed % 2 == 0) {
          event.await();
          assertThat(event.isDone()).isTrue();
        }
      }
      fake.verifyClean();
    }
  }

  @Test
  void aLostDeviceSaysWhySinceWhenAndWhatToDo() {
    CudaDevice device = open(SMALL);
    assertThat(device.isLost()).isFalse();
    CudaStream stream = device.openStream();
    DeviceBlock block = device.memory().take(300);
    cuda.failCall(1, CudaError.ILLEGAL_ADDRESS);
    assertThatThrownBy(stream::synchronize)
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0", "700", "waiting for its work", "Run on the CPU");
    assertThat(device.isLost()).isTrue();
    assertThatThrownBy(() -> device.memory().take(1000))
        .hasMessageContainingAll("700", "waiting for its work");
    stream.close();
    block.close();
    device.close();
    assertThat(device.open()).isEmpty();
    assertThat(device.memory().stats().liveBytes()).isZero();
  }

  @Test
  void whereNobodySawTheWorkEndNoMemoryIsUsedAgain() {
    CudaDevice device = open(SMALL);
    CudaStream stream = device.openStream();
    DeviceBlock block = device.memory().take(300);
    Memory pinned = device.pinned().take(300);
    device.memory().take(600).close();
    device.pinned().take(600).close();
    stream.copyToDevice(block.address(), pinned.address(), 300);
    cuda.failWaits(CudaError.UNKNOWN.code());
    stream.drain();
    cuda.failWaits(0);
    assertThat(device.isLost()).isTrue();
    block.close();
    pinned.close();
    for (int bytes : new int[] {300, 600, 900}) {
      isRefused(() -> device.memory().take(bytes));
      isRefused(() -> device.pinned().take(bytes));
      isRefused(() -> device.pinned().takeIfThereIs(bytes));
    }
    isRefused(stream::synchronize);
    isRefused(() -> stream.copyToDevice(block.address(), pinned.address(), 1));
    stream.close();
    device.close();
    assertThat(device.open()).isEmpty();
    assertThat(cuda.violations()).isEmpty();
  }

  private static void isRefused(ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0", "cannot be used any more", "999", "to end");
  }

  @Test
  void aFailureThatIsNotTheEndIsAnExceptionAndNoMore() {
    try (CudaDevice device = open(SMALL)) {
      cuda.failCall(1, CudaError.INVALID_VALUE);
      assertThatThrownBy(device::openStream)
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("making a stream", "CUDA error 1 (a wrong argument)");
      device.openStream().close();
    }
    cuda.verifyClean();
  }

  @Test
  void negativeSizesAndLimitsAreRefused() {
    try (CudaDevice device = open(SMALL)) {
      assertThatThrownBy(() -> device.memory().take(-1)).hasMessageContaining("-1");
      assertThatThrownBy(() -> device.pinned().take(-1)).hasMessageContaining("-1");
      assertThatThrownBy(() -> new MemoryLimits(1, -5, 1, 1)).hasMessageContaining("-5");
    }
    cuda.verifyClean();
  }
}
