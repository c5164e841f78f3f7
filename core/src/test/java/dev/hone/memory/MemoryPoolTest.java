package dev.hone.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.contract.NoLeaks;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class MemoryPoolTest {
  @Test
  void whatWasGivenBackIsTakenAgain() {
    try (MemoryPool pool = new MemoryPool(1 << 20)) {
      long address;
      try (Memory first = pool.take(1000)) {
        address = first.address();
        assertThat(address % 64).isZero();
        assertThat(first.byteSize()).isEqualTo(1000);
      }
      assertThat(pool.idleBytes()).isEqualTo(1024);
      try (Memory second = pool.take(1020)) { // of the same step
        assertThat(second.address()).isEqualTo(address);
        assertThat(second.byteSize()).isEqualTo(1020);
        assertThat(pool.idleBytes()).isZero();
      }
    }
  }

  @Test
  void twoAtOnceAreTwoBlocks() {
    try (MemoryPool pool = new MemoryPool(1 << 20);
        Memory first = pool.take(100);
        Memory second = pool.take(100)) {
      assertThat(first.address()).isNotEqualTo(second.address());
    }
  }

  @Test
  void whatIsBeyondTheLimitIsFreed() {
    long before = Memory.stats().liveBytes();
    try (MemoryPool pool = new MemoryPool(1024)) {
      Memory first = pool.take(1024);
      Memory second = pool.take(64);
      first.close();
      second.close();
      assertThat(pool.idleBytes()).isEqualTo(1024);
      assertThat(Memory.stats().liveBytes() - before).isEqualTo(1024);
    }
    try (MemoryPool none = new MemoryPool(0)) {
      none.take(64).close();
      assertThat(none.idleBytes()).isZero();
    }
  }

  @Test
  void aBlockThatIsStillViewedIsNotTakenAgain() {
    try (MemoryPool pool = new MemoryPool(1 << 20)) {
      Memory memory = pool.take(64);
      ByteBuffer view = memory.view(0, 64).putLong(0, 5);
      memory.close();
      assertThat(pool.idleBytes()).isZero();
      try (Memory other = pool.take(64)) {
        other.lend(0, 64, chunk -> chunk.putLong(0, 6));
      }
      assertThat(view.getLong(0)).isEqualTo(5);
    }
  }

  @Test
  void closingFreesIdleBlocksAndLaterThoseInUse() {
    long before = Memory.stats().liveBytes();
    MemoryPool pool = new MemoryPool(1 << 20);
    Memory used = pool.take(100);
    pool.take(200).close();
    pool.close();
    pool.close();
    assertThat(Memory.stats().liveBytes() - before).isEqualTo(MemoryPool.roundUp(100));
    used.lend(0, 100, chunk -> chunk.put(0, (byte) 1));
    used.close();
    assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    assertThatThrownBy(() -> pool.take(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("pool was closed");
  }

  @Test
  void aForgottenPoolIsFoundAndItsBlocksAreFreed() {
    long before = Memory.stats().liveBytes();
    assertThat(NoLeaks.leaksOf(() -> new MemoryPool(1 << 20).take(1000).close())).isEqualTo(1);
    assertThat(Memory.stats().liveBytes()).isEqualTo(before);
  }

  @Test
  void forgottenMemoryGoesBackToItsPool() {
    try (MemoryPool pool = new MemoryPool(1 << 20)) {
      assertThat(NoLeaks.leaksOf(() -> pool.take(1000))).isEqualTo(1);
      assertThat(pool.idleBytes()).isEqualTo(1024);
    }
  }

  @Test
  void sizesAreRoundedUpByAtMostAQuarter() {
    for (long size = 0; size < 100_000; size++) {
      long rounded = MemoryPool.roundUp(size);
      assertThat(rounded).isBetween(Math.max(64, size), Math.max(64, size + size / 4));
      assertThat(MemoryPool.roundUp(rounded)).isEqualTo(rounded);
    }
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    try (MemoryPool pool = new MemoryPool(100)) {
      assertThatThrownBy(() -> pool.take(-1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least 0 bytes, but is -1");
      assertThatThrownBy(() -> pool.take(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
    }
    assertThatThrownBy(() -> new MemoryPool(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 0 bytes, but is -1");
  }
}
