package dev.hone.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.contract.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class MemoryTest {
  private static byte[] bytes(Memory memory) {
    byte[] bytes = new byte[(int) memory.byteSize()];
    memory.lend(0, bytes.length, chunk -> chunk.get(bytes, 0, chunk.remaining()));
    return bytes;
  }

  private static void fill(Memory memory, int seed) {
    byte[] random = new byte[(int) memory.byteSize()];
    new Random(seed).nextBytes(random);
    memory.lend(0, random.length, chunk -> chunk.put(random));
  }

  @Test
  void freshMemoryIsZeroAndAligned() {
    for (long size : new long[] {0, 1, 63, 64, 65, 4096, 1_000_003}) {
      try (Memory memory = Memory.allocate(size)) {
        assertThat(memory.byteSize()).isEqualTo(size);
        assertThat(memory.address() % 64).isZero();
        assertThat(bytes(memory)).containsOnly(new byte[size == 0 ? 0 : 1]);
      }
    }
  }

  @Test
  void memoryThatIsAboutToBeWrittenIsAlignedToo() {
    try (Memory memory = Memory.allocateUninitialized(1000)) {
      assertThat(memory.address() % 64).isZero();
      fill(memory, 1);
      byte[] expected = new byte[1000];
      new Random(1).nextBytes(expected);
      assertThat(bytes(memory)).isEqualTo(expected);
    }
  }

  @Test
  void aBufferMayBeLargerThanTheHeapAndIsNotCounted() {
    int byteSize = 1 << 30;
    assertThat((long) byteSize).isGreaterThan(Runtime.getRuntime().maxMemory());
    long before = Memory.stats().liveBytes();
    ByteBuffer buffer = Memory.allocateBuffer(byteSize);
    assertThat(buffer.isDirect()).isTrue();
    assertThat(buffer.capacity()).isEqualTo(byteSize);
    assertThat(buffer.order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(Memory.stats().liveBytes()).isEqualTo(before);
  }

  @Test
  void aBufferOfNothingHoldsNothing() {
    assertThat(Memory.allocateBuffer(0).capacity()).isZero();
    try (Memory empty = Memory.allocate(0)) {
      assertThat(empty.view(0, 0).capacity()).isZero();
    }
  }

  @Test
  void whatDerivesFromABufferKeepsItsBytes() {
    List<ByteBuffer> derived = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      derived.add(
          Memory.allocateBuffer(4096).putInt(8, i).slice(8, 4).order(ByteOrder.nativeOrder()));
    }
    NoLeaks.collect();
    List<ByteBuffer> later = new ArrayList<>(); // would take the place of what was freed
    for (int i = 0; i < 20; i++) {
      later.add(Memory.allocateBuffer(4096).putInt(8, -1));
    }
    assertThat(later).hasSameSizeAs(derived);
    assertThat(derived.stream().map(ByteBuffer::getInt))
        .containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
  }

  @Test
  void aNegativeSizeIsRefused() {
    assertThatThrownBy(() -> Memory.allocate(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A size must be at least 0 bytes, but is -1.");
    assertThatThrownBy(() -> Memory.allocateUninitialized(-2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Memory.adopt(64, -3, () -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void moreThanThereIsEndsInAnErrorThatSaysHowMuchIsLive() {
    for (long size : new long[] {1L << 60, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> Memory.allocateUninitialized(size))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessageContainingAll(size + " bytes of native memory", "waiting for the collector")
          .hasMessageContaining("Close tensors earlier");
    }
  }

  @Test
  void liveAndPeakBytesAreCounted() {
    MemoryStats before = Memory.stats();
    Memory.resetPeak();
    try (Memory first = Memory.allocate(1000)) {
      Memory.allocate(3000).close();
      MemoryStats during = Memory.stats();
      assertThat(during.liveBytes() - before.liveBytes()).isEqualTo(first.byteSize());
      assertThat(during.liveBlocks() - before.liveBlocks()).isEqualTo(1);
      assertThat(during.peakBytes() - before.liveBytes()).isEqualTo(4000);
    }
    Memory.resetPeak();
    assertThat(Memory.stats().peakBytes()).isEqualTo(Memory.stats().liveBytes());
    assertThat(Memory.stats().liveBytes()).isEqualTo(before.liveBytes());
    assertThat(new MemoryStats(1024, 4096, 2, 0))
        .hasToString("1024 bytes in 2 blocks, peak 4096, 0 waiting for the collector");
  }

  @Test
  void closingTwiceIsSilent() {
    AtomicInteger freed = new AtomicInteger();
    Memory memory = Memory.adopt(64, 10, freed::incrementAndGet);
    assertThat(memory.isClosed()).isFalse();
    memory.close();
    memory.close();
    assertThat(memory.isClosed()).isTrue();
    assertThat(freed).hasValue(1);
  }

  @Test
  void closedMemoryRefusesEveryUse() {
    Memory memory = Memory.allocate(8);
    memory.close();
    List<Runnable> uses =
        List.of(
            memory::hold,
            () -> memory.view(0, 8),
            () -> memory.lend(0, 8, chunk -> {}),
            () -> Memory.copy(memory, 0, memory, 0, 8));
    for (Runnable use : uses) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was closed: its contents are gone");
    }
  }

  @Test
  void heldMemoryStaysUntilItIsReleased() {
    AtomicInteger freed = new AtomicInteger();
    Memory memory = Memory.adopt(64, 10, freed::incrementAndGet);
    memory.hold();
    memory.hold();
    memory.close();
    assertThat(freed).hasValue(0);
    memory.release();
    assertThat(freed).hasValue(0);
    memory.release();
    assertThat(freed).hasValue(1);
  }

  @Test
  void releasingWhatIsNotHeldIsRefused() {
    try (Memory memory = Memory.allocate(1)) {
      assertThatThrownBy(memory::release)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("released more often than it was held");
      memory.hold();
      memory.release();
      assertThatThrownBy(memory::release).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void lentBytesAreInNativeOrderAndShared() {
    try (Memory memory = Memory.allocate(100)) {
      memory.lend(
          10,
          8,
          chunk -> {
            assertThat(chunk.order()).isEqualTo(ByteOrder.nativeOrder());
            assertThat(chunk.capacity()).isEqualTo(8);
            chunk.putLong(0, 42);
          });
      assertThat(memory.view(10, 8).getLong()).isEqualTo(42);
      memory.lend(100, 0, chunk -> assertThat(chunk).as("nothing to lend").isNull());
    }
  }

  @Test
  void lendingHoldsTheMemory() {
    AtomicInteger freed = new AtomicInteger();
    ByteBuffer behind = ByteBuffer.allocateDirect(16);
    Memory memory = Memory.adopt(NativeHeap.addressOf(behind), 16, freed::incrementAndGet);
    memory.lend(
        0,
        16,
        chunk -> {
          memory.close();
          chunk.putInt(0, 7);
          assertThat(freed).hasValue(0);
        });
    assertThat(freed).hasValue(1);
    assertThat(behind.order(ByteOrder.nativeOrder()).getInt(0)).isEqualTo(7);
  }

  @Test
  void aBorrowerThatThrowsReleasesTheMemory() {
    AtomicInteger freed = new AtomicInteger();
    try (Memory memory = Memory.allocate(16)) {
      assertThatThrownBy(
              () ->
                  memory.lend(
                      0,
                      16,
                      chunk -> {
                        throw new ArithmeticException("borrower");
                      }))
          .isInstanceOf(ArithmeticException.class);
      assertThatThrownBy(memory::release).isInstanceOf(IllegalStateException.class);
    }
    assertThat(freed).hasValue(0);
  }

  @Test
  void bytesOutsideAreRefused() {
    try (Memory memory = Memory.allocate(10)) {
      long[][] outside = {{-1, 1}, {0, 11}, {10, 1}, {5, -1}, {Long.MAX_VALUE, 5}};
      for (long[] range : outside) {
        assertThatThrownBy(() -> memory.lend(range[0], range[1], chunk -> {}))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("not inside this memory of 10 bytes");
        assertThatThrownBy(() -> memory.view(range[0], (int) range[1]))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void bytesAreCopiedBetweenRegions() {
    try (Memory from = Memory.allocate(100);
        Memory to = Memory.allocate(50)) {
      fill(from, 3);
      Memory.copy(from, 20, to, 10, 30);
      byte[] expected = new byte[50];
      System.arraycopy(bytes(from), 20, expected, 10, 30);
      assertThat(bytes(to)).isEqualTo(expected);
      assertThatThrownBy(() -> Memory.copy(from, 0, to, 40, 20))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aDirectBufferIsWrappedWithoutCopying() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(32);
    buffer.position(8).limit(24);
    MemoryStats before = Memory.stats();
    try (Memory memory = Memory.wrap(buffer)) {
      assertThat(memory.byteSize()).isEqualTo(16);
      assertThat(memory.address()).isEqualTo(NativeHeap.addressOf(buffer) + 8);
      memory.lend(0, 16, chunk -> chunk.put(0, (byte) 9));
      assertThat(buffer.get(8)).isEqualTo((byte) 9);
      assertThat(Memory.stats()).as("a buffer is not Hone's memory").isEqualTo(before);
    }
  }

  @Test
  void aBufferOnTheHeapIsRefused() {
    assertThatThrownBy(() -> Memory.wrap(ByteBuffer.allocate(8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("needs a direct buffer", "on the Java heap", "allocateDirect");
  }

  @Test
  void aViewOfAWrappedBufferCountsAsNothing() {
    long before = Memory.stats().deferredBytes();
    Memory memory = Memory.wrap(ByteBuffer.allocateDirect(1 << 20));
    ByteBuffer view = memory.view(0, 1 << 20);
    memory.close();
    assertThat(Memory.stats().deferredBytes()).isEqualTo(before);
    assertThat(view.get(5)).isZero();
  }

  @Test
  void memoryKnowsWhetherItMayBeWritten() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(8);
    try (Memory writable = Memory.wrap(buffer);
        Memory readOnly = Memory.wrap(buffer.asReadOnlyBuffer());
        Memory allocated = Memory.allocate(8)) {
      assertThat(writable.isReadOnly()).isFalse();
      assertThat(readOnly.isReadOnly()).isTrue();
      assertThat(allocated.isReadOnly()).isFalse();
    }
  }

  @Test
  void aViewOutlivesItsMemory() {
    long before = Memory.stats().deferredBytes();
    List<ByteBuffer> views = new ArrayList<>();
    byte[] expected;
    try (Memory memory = Memory.allocate(1000)) {
      fill(memory, 5);
      expected = bytes(memory);
      views.add(memory.view(0, 1000));
      views.add(memory.view(100, 10).slice(2, 4).duplicate());
    }
    assertThat(Memory.stats().deferredBytes() - before).isEqualTo(1000);
    NoLeaks.collect();
    byte[] seen = new byte[1000];
    views.get(0).get(seen);
    assertThat(seen).isEqualTo(expected);
    views.remove(0);
    NoLeaks.collect();
    assertThat(views.get(0).get(0)).as("kept by what derives from a view").isEqualTo(expected[102]);
    assertThat(Memory.stats().deferredBytes() - before).isEqualTo(1000);
    views.clear();
    awaitDeferredBytes(before);
  }

  private static void awaitDeferredBytes(long expected) {
    for (int i = 0; i < 50 && Memory.stats().deferredBytes() != expected; i++) {
      NoLeaks.collect(); // the cleaner's thread comes a little later
    }
    assertThat(Memory.stats().deferredBytes()).isEqualTo(expected);
  }

  @Test
  void aViewOfForgottenMemoryIsSafeToo() {
    List<ByteBuffer> views = new ArrayList<>();
    long leaks = NoLeaks.leaksOf(() -> views.add(filledAndForgotten()));
    assertThat(leaks).isEqualTo(1);
    NoLeaks.collect();
    assertThat(views.get(0).getLong(0)).isEqualTo(77);
  }

  private static ByteBuffer filledAndForgotten() {
    ByteBuffer view = Memory.allocate(64).view(0, 64);
    return view.putLong(0, 77);
  }

  @Test
  void aPartIsItsBytesOfTheWhole() {
    try (Memory whole = Memory.allocate(256);
        Memory part = whole.part(64, 100);
        Memory inner = part.part(32, 8);
        Memory other = Memory.allocate(8)) {
      fill(whole, 5);
      byte[] all = bytes(whole);
      assertThat(part.byteSize()).isEqualTo(100);
      assertThat(part.address()).isEqualTo(whole.address() + 64);
      assertThat(bytes(part)).isEqualTo(Arrays.copyOfRange(all, 64, 164));
      assertThat(bytes(inner)).isEqualTo(Arrays.copyOfRange(all, 96, 104));
      assertThat(part.view(4, 1).get(0)).isEqualTo(all[68]);
      Memory.copy(part, 8, other, 0, 8);
      assertThat(bytes(other)).isEqualTo(Arrays.copyOfRange(all, 72, 80));
      Memory.copy(other, 0, inner, 0, 8);
      assertThat(Arrays.copyOfRange(bytes(whole), 96, 104)).isEqualTo(bytes(other));
    }
  }

  @Test
  void aPartEndsWhereItEnds() {
    try (Memory whole = Memory.allocate(256);
        Memory part = whole.part(64, 100)) {
      assertThatThrownBy(() -> part.view(96, 5)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> part.part(0, 101)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> whole.part(-1, 2)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void theBytesGoWhenTheWholeAndAllItsPartsAreClosed() {
    AtomicInteger freed = new AtomicInteger();
    Memory whole = Memory.adopt(64, 128, freed::incrementAndGet);
    Memory first = whole.part(0, 64);
    Memory second = whole.part(64, 64);
    whole.close();
    assertThatThrownBy(() -> whole.part(0, 64)).isInstanceOf(IllegalStateException.class);
    second.hold();
    second.close();
    first.close();
    first.close();
    assertThat(first.isClosed()).isTrue();
    assertThat(freed).hasValue(0);
    second.release();
    assertThat(freed).hasValue(1);
  }

  @Test
  void forgottenPartsAreFreedWithTheirWholeAndReportedOnce() {
    AtomicInteger freed = new AtomicInteger();
    long leaks = NoLeaks.leaksOf(() -> forgetOneOfTwoParts(freed));
    assertThat(leaks).isEqualTo(1);
    assertThat(freed).hasValue(1);
  }

  private static void forgetOneOfTwoParts(AtomicInteger freed) {
    Memory whole = Memory.adopt(64, 128, freed::incrementAndGet);
    whole.part(0, 64).close();
    assertThat(whole.part(64, 64).isClosed()).isFalse();
    whole.close();
    assertThat(freed).hasValue(0);
  }

  @Test
  void adoptedMemoryHasTheAddressItWasGiven() {
    ByteBuffer behind = ByteBuffer.allocateDirect(64);
    long address = NativeHeap.addressOf(behind);
    try (Memory memory = Memory.adopt(address, 64, () -> {})) {
      assertThat(memory.address()).isEqualTo(address);
      memory.lend(0, 64, chunk -> chunk.put(3, (byte) 4));
      assertThat(behind.get(3)).isEqualTo((byte) 4);
    }
    assertThatCode(() -> behind.put(3, (byte) 5)).doesNotThrowAnyException();
  }

  @Test
  void memoryOfADeviceHasALifetimeAndAnAddressThereAndNoBytesForJava() {
    AtomicInteger released = new AtomicInteger();
    long liveBefore = Memory.stats().liveBytes();
    try (Memory host = Memory.allocate(64);
        Memory memory = Memory.adoptOnDevice("cuda:1", 0x700000, 64, released::incrementAndGet)) {
      assertThat(memory.device()).isEqualTo("cuda:1");
      assertThat(memory.deviceAddress()).isEqualTo(0x700000);
      assertThat(host.device()).isNull();
      try (Memory part = memory.part(16, 8)) {
        assertThat(part.device()).isEqualTo("cuda:1");
        assertThat(part.deviceAddress()).isEqualTo(0x700010);
        assertThatThrownBy(part::address).isInstanceOf(IllegalStateException.class);
      }
      assertThat(Memory.stats().liveBytes() - liveBefore).isEqualTo(64); // the host's alone
      List<Runnable> uses =
          List.of(
              memory::address,
              () -> memory.view(0, 1),
              () -> memory.lend(0, 1, chunk -> {}),
              () -> Memory.copy(memory, 0, host, 0, 1),
              () -> Memory.copy(host, 0, memory, 0, 1));
      for (Runnable use : uses) {
        assertThatThrownBy(use::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContainingAll("lies on cuda:1", "GpuMemory");
      }
      assertThatThrownBy(host::deviceAddress)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("of the host");
      memory.hold();
      memory.close();
      assertThat(released).hasValue(0);
      memory.release();
      assertThat(released).hasValue(1);
    }
    assertThat(released).hasValue(1);
  }
}
