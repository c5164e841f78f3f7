package dev.hone.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.cuda.device.FakeHeap.Access;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The fake finds the faults that it is there to find, and nothing where there is none. */
class FakeCudaTest {
  private static final int BYTES = 64;
  private static final int SEEDS = 200;

  /** A device with two streams, memory of both kinds, and short words for what tests do. */
  private static final class Rig {
    final FakeCuda cuda;
    final long device;
    final long pinned;
    final long first;
    final long second;
    final long event;

    Rig(long seed) {
      cuda = new FakeCuda(seed);
      long[] out = new long[1];
      device = made(cuda.malloc(BYTES, out), out);
      pinned = made(cuda.hostAlloc(BYTES, out), out);
      first = made(cuda.createStream(out), out);
      second = made(cuda.createStream(out), out);
      event = made(cuda.createEvent(out), out);
    }

    static long made(int code, long[] out) {
      assertThat(code).isZero();
      return out[0];
    }

    void write(int value) {
      for (int i = 0; i < BYTES; i++) {
        cuda.bytes(pinned, BYTES).put(i, (byte) value);
      }
    }

    int read() {
      return cuda.bytes(pinned, BYTES).get(BYTES - 1);
    }

    void close() {
      cuda.synchronizeStream(first);
      cuda.synchronizeStream(second);
      cuda.free(device);
      cuda.freeHost(pinned);
      cuda.destroyStream(first);
      cuda.destroyStream(second);
      cuda.destroyEvent(event);
    }
  }

  private static void isFound(Consumer<Rig> fault, String violation) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Rig rig = new Rig(seed);
      fault.accept(rig);
      assertThat(rig.cuda.violations()).as("seed %d", seed).anyMatch(v -> v.contains(violation));
      assertThatThrownBy(rig.cuda::verifyClean).isInstanceOf(AssertionError.class);
    }
  }

  private static void isRight(Consumer<Rig> use) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Rig rig = new Rig(seed);
      use.accept(rig);
      rig.close();
      rig.cuda.verifyClean();
    }
  }

  @Test
  void bytesGoToTheDeviceAndBack() {
    isRight(
        rig -> {
          rig.write(7);
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
          rig.cuda.synchronizeStream(rig.first);
          rig.write(0);
          rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.first);
          rig.cuda.synchronizeStream(rig.first);
          assertThat(rig.read()).isEqualTo(7);
        });
  }

  @Test
  void aWaitForAnEventOrdersTwoStreams() {
    isRight(
        rig -> {
          rig.write(7);
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
          rig.cuda.recordEvent(rig.event, rig.first);
          rig.cuda.waitEvent(rig.second, rig.event);
          rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.second);
          rig.cuda.synchronizeStream(rig.second);
          assertThat(rig.read()).isEqualTo(7);
        });
  }

  @Test
  void twoStreamsThatNothingOrdersAreFoundWhateverRunsFirst() {
    isFound(
        rig -> {
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
          rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.second);
        },
        "nothing orders copyToHost");
  }

  @Test
  void waitingForAnEventBeforeItIsRecordedOrdersNothing() {
    isFound(
        rig -> {
          rig.cuda.waitEvent(rig.second, rig.event);
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
          rig.cuda.recordEvent(rig.event, rig.first);
          rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.second);
        },
        "nothing orders copyToHost");
  }

  @Test
  void whatIsReadBeforeItsCopyFinishedIsNotTheResult() {
    Set<Integer> seen = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      Rig rig = new Rig(seed);
      rig.write(7);
      rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
      rig.cuda.synchronizeStream(rig.first);
      rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.first);
      seen.add(rig.read()); // although the memory held just this value before
      rig.close();
    }
    assertThat(seen).contains((int) (byte) 0xA5);
  }

  @Test
  void pinnedMemoryThatChangesUnderACopyIsFound() {
    int found = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Rig rig = new Rig(seed);
      rig.write(1);
      rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
      rig.write(2);
      rig.close();
      found += rig.cuda.violations().isEmpty() ? 0 : 1;
    }
    assertThat(found).isGreaterThan(SEEDS / 10);
  }

  @Test
  void copiesBeyondTheEndAreFound() {
    isFound(
        rig -> rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES + 1, rig.first),
        "beyond the end of");
    isFound(
        rig -> rig.cuda.copyToHost(rig.pinned, rig.device + 1, BYTES, rig.first),
        "beyond the end of");
  }

  @Test
  void pageableMemoryIsFound() {
    isFound(
        rig -> rig.cuda.copyToDevice(rig.device, 4096, BYTES, rig.first),
        "not of the device and page-locked");
  }

  @Test
  void useAfterFreeIsFound() {
    isFound(
        rig -> {
          rig.cuda.free(rig.device);
          rig.cuda.copyToHost(rig.pinned, rig.device, BYTES, rig.first);
        },
        "in freed device memory");
  }

  @Test
  void freeingTwiceIsFound() {
    isFound(
        rig -> {
          rig.cuda.free(rig.device);
          rig.cuda.free(rig.device);
        },
        "double free of device memory");
    isFound(rig -> rig.cuda.free(rig.pinned), "never allocated");
  }

  @Test
  void freeingWhatIsQueuedIsFoundEvenIfItHasRunAlready() {
    isFound(
        rig -> {
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
          rig.cuda.freeHost(rig.pinned);
        },
        "freed while copyToDevice may still use it");
  }

  @Test
  void aKernelBesideItsMemoryEndsTheDevice() {
    isFound(
        rig -> {
          List<Access> beside = List.of(Access.write(rig.device + BYTES + 512, 4));
          rig.cuda.enqueue(rig.first, beside, () -> {});
          assertThat(rig.cuda.synchronizeStream(rig.first)).isEqualTo(700);
          assertThat(rig.cuda.malloc(1, new long[1])).isEqualTo(700);
        },
        "where nothing is");
  }

  @Test
  void allocatingDuringACaptureIsFoundAndBreaksIt() {
    isFound(
        rig -> {
          rig.cuda.beginCapture(rig.first);
          assertThat(rig.cuda.malloc(1, new long[1])).isEqualTo(900);
          assertThat(rig.cuda.endCapture(rig.first, new long[1])).isEqualTo(901);
        },
        "malloc during a capture");
    isFound(
        rig -> {
          rig.cuda.beginCapture(rig.first);
          rig.cuda.synchronizeStream(rig.second);
        },
        "synchronizeStream during a capture");
  }

  @Test
  void aCaptureThatLeavesAStreamApartIsFound() {
    isFound(
        rig -> {
          rig.cuda.beginCapture(rig.first);
          rig.cuda.recordEvent(rig.event, rig.first);
          rig.cuda.waitEvent(rig.second, rig.event);
          rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.second);
          assertThat(rig.cuda.endCapture(rig.first, new long[1])).isEqualTo(901);
        },
        "before stream 2 was joined");
  }

  /** Captures a copy to the device on both streams, and makes it executable. */
  private static long capture(Rig rig) {
    long[] out = new long[1];
    rig.cuda.beginCapture(rig.first);
    rig.cuda.recordEvent(rig.event, rig.first);
    rig.cuda.waitEvent(rig.second, rig.event);
    rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.second);
    rig.cuda.recordEvent(rig.event, rig.second);
    rig.cuda.waitEvent(rig.first, rig.event);
    long graph = Rig.made(rig.cuda.endCapture(rig.first, out), out);
    long executable = Rig.made(rig.cuda.instantiateGraph(graph, out), out);
    rig.cuda.destroyGraph(graph);
    return executable;
  }

  @Test
  void aGraphRunsWhenItIsLaunchedAndNotBefore() {
    isRight(
        rig -> {
          rig.write(7);
          long executable = capture(rig);
          rig.cuda.synchronizeStream(rig.first);
          assertThat(rig.cuda.bytes(rig.device, 1).get(0)).isNotEqualTo((byte) 7);
          for (int value = 8; value < 10; value++) {
            rig.write(value);
            rig.cuda.launchGraph(executable, rig.first);
            rig.cuda.synchronizeStream(rig.first);
            assertThat(rig.cuda.bytes(rig.device, 1).get(0)).isEqualTo((byte) value);
          }
          rig.cuda.destroyExecutableGraph(executable);
        });
  }

  @Test
  void aGraphWhoseMemoryWasFreedIsFound() {
    isFound(
        rig -> {
          long executable = capture(rig);
          rig.cuda.free(rig.device);
          rig.cuda.launchGraph(executable, rig.first);
        },
        "copyToDevice of a graph: write of 64 bytes");
  }

  @Test
  void whatWasNotGivenBackIsFound() {
    Rig rig = new Rig(1);
    rig.cuda.free(rig.device);
    assertThatThrownBy(rig.cuda::verifyClean).hasMessageContaining("allocations never freed");
    rig.cuda.freeHost(rig.pinned);
    assertThatThrownBy(rig.cuda::verifyClean).hasMessageContaining("streams never destroyed");
  }

  @Test
  void aCallFailsWhereATestWantsItAndTheNextOneDoesNot() {
    Rig rig = new Rig(1);
    rig.cuda.failCall(2, CudaError.MEMORY_ALLOCATION);
    assertThat(rig.cuda.queryEvent(rig.event)).isZero();
    assertThat(rig.cuda.malloc(1, new long[1])).isEqualTo(2);
    assertThat(rig.cuda.queryEvent(rig.event)).isZero();
  }

  @Test
  void moreMemoryThanThereIsIsRefused() {
    Rig rig = new Rig(1);
    rig.cuda.limitBytes(1000);
    assertThat(rig.cuda.malloc(1000 - BYTES + 1, new long[1])).isEqualTo(2);
    assertThat(rig.cuda.malloc(1000 - BYTES, new long[1])).isZero();
  }

  @Test
  void workThatFailsIsToldLaterAndEndsTheDevice() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Rig rig = new Rig(seed);
      rig.cuda.failOperation(1, CudaError.LAUNCH_FAILURE);
      rig.cuda.copyToDevice(rig.device, rig.pinned, BYTES, rig.first);
      assertThat(rig.cuda.synchronizeStream(rig.first)).isEqualTo(719);
      assertThat(rig.cuda.createStream(new long[1])).isEqualTo(719);
    }
  }

  private static List<Integer> order(long seed) {
    Rig rig = new Rig(seed);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int number = i;
      rig.cuda.enqueue(i % 2 == 0 ? rig.first : rig.second, List.of(), () -> order.add(number));
    }
    rig.close();
    return order;
  }

  @Test
  void ordersDifferBySeedAndOnlyBySeed() {
    Set<List<Integer>> orders = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      List<Integer> order = order(seed);
      assertThat(order).containsSubsequence(0, 2, 4).containsSubsequence(1, 3, 5).hasSize(6);
      assertThat(order(seed)).isEqualTo(order);
      orders.add(order);
    }
    assertThat(orders).hasSizeGreaterThan(10); // of the 20 that there are
  }

  @Test
  void handlesOfNothingAreFound() {
    isFound(rig -> rig.cuda.synchronizeStream(99), "use of stream 99");
    isFound(rig -> rig.cuda.recordEvent(99, rig.first), "use of event 99");
    isFound(rig -> rig.cuda.launchGraph(99, rig.first), "use of executable graph 99");
  }
}
