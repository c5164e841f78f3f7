package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many callers wait for room in a short queue. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RoomTest {
  private static final int CALLERS = 24;
  private static final int ROUNDS = 300;

  @Test
  void whoFoundALaneFreeAndThenWaitsForRoomLeavesItToThoseThatWere() throws Exception {
    BatchPolicy policy =
        BatchPolicy.builder()
            .lanes(1)
            .maxRows(4)
            .maxQueueRows(4)
            .blockWhenOverloaded(Duration.ofMinutes(5))
            .build();
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    CyclicBarrier together = new CyclicBarrier(CALLERS);
    try (Batcher batcher = Batcher.over(new ToySession(), policy, ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {1})) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(
            callers.submit(
                () -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    together.await(); // while nothing waits, each may find the lane free
                    batcher.run(in).close();
                  }
                  return null;
                }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
      assertThat(batcher.stats().rows()).isEqualTo(CALLERS * ROUNDS);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void aLargeCallIsNotPassedForEver() throws Exception {
    BatchPolicy policy =
        BatchPolicy.builder()
            .lanes(1)
            .maxRows(4)
            .maxQueueRows(8)
            .blockWhenOverloaded(Duration.ofSeconds(40))
            .build();
    ToySession toy = new ToySession();
    ExecutorService callers = Executors.newFixedThreadPool(3 * CALLERS);
    AtomicBoolean enough = new AtomicBoolean();
    List<Future<?>> small = new ArrayList<>();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000));
        Batch one = ToySession.input(new long[] {1});
        Batch eight = ToySession.input(new long[8][1])) {
      toy.fault = (in, options) -> LockSupport.parkNanos(2_000_000); // so that the queue fills
      for (int i = 0; i < 3 * CALLERS; i++) {
        small.add(
            callers.submit(
                () -> {
                  while (!enough.get()) {
                    batcher.run(one).close();
                  }
                }));
      }
      while (batcher.stats().now().queuedRows() < 8) {
        Thread.onSpinWait();
      }
      for (int i = 0; i < 5; i++) {
        batcher.run(eight).close();
      }
      enough.set(true);
      for (Future<?> call : small) {
        call.get();
      }
    } finally {
      enough.set(true);
      callers.shutdown();
    }
  }
}
