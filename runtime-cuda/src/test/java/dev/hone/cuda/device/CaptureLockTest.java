package dev.hone.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

/** Nothing allocates or waits while another thread captures, on whatever device or stream. */
class CaptureLockTest {
  private static final int CAPTURES = 300;
  private static final int MOST_CAPTURES = 1_000_000;

  /** Captures in one thread while two others take memory and wait. */
  private static List<String> violations(boolean locked) throws InterruptedException {
    FakeCuda cuda = new FakeCuda(1);
    MemoryLimits nothingIdle = new MemoryLimits(Long.MAX_VALUE, 0, Long.MAX_VALUE, 0);
    CudaDevice device = new CudaDevice(cuda, "cuda:0", nothingIdle);
    AtomicBoolean over = new AtomicBoolean();
    Thread taking = new Thread(() -> takeAndWait(device, over));
    Thread alsoTaking = new Thread(() -> takeAndWait(device, over));
    taking.start();
    alsoTaking.start();
    try (CudaStream stream = device.openStream()) {
      // On a busy machine the others may not come between for a long time.
      int most = locked ? CAPTURES : MOST_CAPTURES;
      for (int i = 0; i < most && (locked || cuda.violations().isEmpty()); i++) {
        capture(cuda, stream, locked);
      }
    } finally {
      over.set(true);
      taking.join();
      alsoTaking.join();
    }
    device.close();
    return cuda.violations();
  }

  private static void capture(FakeCuda cuda, CudaStream stream, boolean locked) {
    Lock alone = CaptureLock.capturing();
    if (locked) {
      alone.lock();
    }
    try {
      long[] graph = new long[1];
      cuda.beginCapture(stream.handle());
      for (int spin = 0; spin < 200; spin++) {
        cuda.enqueue(stream.handle(), List.of(), () -> {});
        Thread.onSpinWait();
      }
      if (cuda.endCapture(stream.handle(), graph) == 0) {
        cuda.destroyGraph(graph[0]);
      }
    } finally {
      if (locked) {
        alone.unlock();
      }
    }
  }

  private static void takeAndWait(CudaDevice device, AtomicBoolean over) {
    try (CudaStream stream = device.openStream();
        CudaEvent event = device.openEvent()) {
      while (!over.get()) {
        try (DeviceBlock block = device.memory().take(300)) {
          assertThat(block.bytes()).isPositive();
        }
        device.pinned().take(300).close();
        stream.record(event);
        event.await();
        stream.synchronize();
      }
    } catch (HoneException e) {
      over.set(true); // what CUDA says to whoever breaks a capture
    }
  }

  @Test
  void aCaptureThatHoldsTheLockIsNeverBroken() throws InterruptedException {
    assertThat(violations(true)).isEmpty();
  }

  @Test
  void oneThatDoesNotHoldItIs() throws InterruptedException {
    assertThat(violations(false)).isNotEmpty();
  }
}
