package dev.hone.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Holds, releases and closes from many threads at once. */
@ExtendWith(NoLeaks.class)
class MemoryRaceTest {
  private static final int THREADS = 4;
  private static final int ROUNDS = 200;

  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private void all(List<Callable<Void>> tasks) throws Exception {
    for (Future<Void> task : threads.invokeAll(tasks)) {
      task.get();
    }
  }

  @Test
  void memoryGoesOnceAndNeverWhileItIsHeld() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      AtomicInteger freed = new AtomicInteger();
      Memory memory = Memory.adopt(64, 8, freed::incrementAndGet);
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS - 1; i++) {
        tasks.add(() -> holdUntilClosed(memory, freed));
      }
      tasks.add(
          () -> {
            memory.close();
            memory.close();
            return null;
          });
      all(tasks);
      assertThat(freed).hasValue(1);
    }
  }

  private static Void holdUntilClosed(Memory memory, AtomicInteger freed) {
    while (true) {
      try {
        memory.hold();
      } catch (IllegalStateException e) {
        return null;
      }
      int freedWhileHeld = freed.get();
      memory.release();
      assertThat(freedWhileHeld).isZero();
    }
  }

  @Test
  void aPoolGivesNoBlockToTwo() throws Exception {
    try (MemoryPool pool = new MemoryPool(1 << 20)) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        long mark = i;
        tasks.add(
            () -> {
              for (int round = 0; round < ROUNDS; round++) {
                useMarked(pool, mark);
              }
              return null;
            });
      }
      all(tasks);
    }
  }

  private static void useMarked(MemoryPool pool, long mark) {
    try (Memory memory = pool.take(128)) {
      memory.lend(0, 128, chunk -> chunk.putLong(0, mark).putLong(120, mark));
      memory.lend(
          0, 128, chunk -> assertThat(chunk.getLong(0) + chunk.getLong(120)).isEqualTo(2 * mark));
    }
  }

  @Test
  void aPoolMayBeClosedWhileOthersTakeAndGiveBack() throws Exception {
    long before = Memory.stats().liveBytes();
    for (int round = 0; round < ROUNDS / 10; round++) {
      MemoryPool pool = new MemoryPool(1 << 20);
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS - 1; i++) {
        tasks.add(() -> takeUntilClosed(pool));
      }
      tasks.add(
          () -> {
            pool.close();
            return null;
          });
      all(tasks);
      assertThat(Memory.stats().liveBytes()).isEqualTo(before);
    }
  }

  private static Void takeUntilClosed(MemoryPool pool) {
    while (true) {
      try {
        pool.take(100).close();
      } catch (IllegalStateException e) {
        return null;
      }
    }
  }
}
