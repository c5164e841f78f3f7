package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import dev.hone.contract.LoggedLines;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

class RecorderTest {
  private static Recorder recorder() {
    return Recorder.counting("test", Capacity.of(1), Gauges.NONE);
  }

  @Test
  void countsEqualTheLedgerOfTheCallersExactly() throws InterruptedException {
    Recorder recorder = recorder();
    AtomicLongArray ledger = new AtomicLongArray(8);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Random random = new Random(i);
      threads.add(new Thread(() -> call(recorder, random, ledger)));
    }
    threads.forEach(Thread::start);
    while (threads.stream().anyMatch(Thread::isAlive)) {
      SessionStats between = recorder.snapshot();
      assertThat(sumOfStages(between)).isEqualTo(between.total().sum());
    }
    for (Thread thread : threads) {
      thread.join();
    }
    SessionStats stats = recorder.snapshot();
    assertThat(stats.outcomes())
        .isEqualTo(
            Map.of(
                Outcome.ANSWERED, ledger.get(0) + ledger.get(1),
                Outcome.FAILED, ledger.get(2),
                Outcome.REJECTED, ledger.get(3),
                Outcome.EXPIRED, ledger.get(4),
                Outcome.CANCELLED, ledger.get(5)));
    assertThat(stats.calls()).isEqualTo(8 * 20_000);
    assertThat(stats.rows()).isEqualTo(ledger.get(6));
    assertThat(stats.late()).isEqualTo(ledger.get(1));
    assertThat(stats.total().sum()).isEqualTo(ledger.get(7));
    assertThat(sumOfStages(stats)).isEqualTo(ledger.get(7));
  }

  @Test
  void theCallsOfTwoSessionsAddUp() {
    Recorder one = recorder();
    Recorder other = recorder();
    one.ran(3, 10, 20, 30);
    one.failed(ErrorKind.MEMORY);
    one.rejected(Rejection.SHED);
    other.ran(4, 11, 21, 31);
    other.late();
    SessionStats both = one.snapshot().plus(other.snapshot());
    assertThat(both.outcomes()).containsEntry(Outcome.ANSWERED, 2L);
    assertThat(both.stage(Stage.RUN)).isEqualTo(Distribution.of(20, 21));
    assertThat(both.total()).isEqualTo(Distribution.of(60, 63));
    assertThat(both.batches().rows()).isEqualTo(Distribution.of(3, 4));
    assertThat(both.batches().busyNanos()).isEqualTo(41);
    assertThat(both.minus(other.snapshot()))
        .isEqualTo(one.snapshot().minus(SessionStats.EMPTY).plus(withoutCalls(both)));
  }

  private static SessionStats withoutCalls(SessionStats stats) {
    return stats.minus(stats);
  }

  private static long sumOfStages(SessionStats stats) {
    return stats.stages().values().stream().mapToLong(Distribution::sum).sum();
  }

  private static void call(Recorder recorder, Random random, AtomicLongArray ledger) {
    for (int i = 0; i < 20_000; i++) {
      int kind = random.nextInt(6);
      ledger.incrementAndGet(kind);
      switch (kind) {
        case 0 -> {
          long run = random.nextInt(1_000_000);
          recorder.ran(3, 10, run, 5);
          ledger.addAndGet(6, 3);
          ledger.addAndGet(7, run + 15);
        }
        case 1 -> {
          recorder.answered(2, 1, 2, 3, 4, 5);
          recorder.late();
          ledger.addAndGet(6, 2);
          ledger.addAndGet(7, 15);
        }
        case 2 -> recorder.failed(i % 2 == 0 ? ErrorKind.INPUT : ErrorKind.RUNTIME);
        case 3 -> recorder.rejected(i % 2 == 0 ? Rejection.SHED : Rejection.TOO_LATE);
        case 4 -> recorder.expired();
        default -> recorder.cancelled();
      }
    }
  }

  @Test
  void batchesCountTokensAndReasons() {
    Recorder recorder = recorder();
    recorder.batch(Dispatch.FULL, 32, 200, 300, 1_000);
    recorder.batch(Dispatch.READY, 8, 100, 100, 500);
    SessionStats.Batches batches = recorder.snapshot().batches();
    assertThat(batches.count(Dispatch.FULL)).isEqualTo(1);
    assertThat(batches.count(Dispatch.READY)).isEqualTo(1);
    assertThat(batches.rows()).isEqualTo(Distribution.of(32, 8));
    assertThat(batches.paddingShare()).isEqualTo(0.25);
    assertThat(batches.busyNanos()).isEqualTo(1_500);
  }

  @Test
  void snapshotsSubtract() {
    Recorder recorder = recorder();
    recorder.ran(1, 10, 20, 30);
    recorder.failed(ErrorKind.INPUT);
    SessionStats before = recorder.snapshot();
    recorder.ran(5, 1, 2, 3);
    recorder.rejected(Rejection.SHED);
    SessionStats between = recorder.snapshot().minus(before);
    assertThat(between.calls()).isEqualTo(2);
    assertThat(between.rows()).isEqualTo(5);
    assertThat(between.total()).isEqualTo(Distribution.of(6));
    assertThat(between.stage(Stage.RUN)).isEqualTo(Distribution.of(2));
    assertThat(between.count(ErrorKind.INPUT)).isZero();
    assertThat(between.count(Rejection.SHED)).isEqualTo(1);
  }

  @Test
  void recordingAllocatesNothing() {
    Recorder recorder = recorder();
    RunTimer timer = new RunTimer("test", recorder);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 20; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 10_000; i++) {
        timer.begin();
        timer.validated();
        timer.computed();
        timer.answered(1);
        timer.end();
        recorder.answered(1, 2, 3, 4, 5, 6);
        recorder.batch(Dispatch.FULL, 1, 2, 3, 4);
        recorder.rejected(Rejection.QUEUE_FULL);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).isLessThan(10_000); // bytes for 10,000 calls: what the meter itself takes
  }

  @Test
  void aTimerSplitsTheTimeOfARunIntoItsStages() {
    Recorder recorder = recorder();
    RunTimer timer = new RunTimer("test", recorder);
    timer.begin();
    timer.validated();
    timer.computed();
    timer.answered(4);
    timer.end();
    SessionStats stats = recorder.snapshot();
    assertThat(stats.rows()).isEqualTo(4);
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(1);
    assertThat(sumOfStages(stats)).isEqualTo(stats.total().sum());
  }

  @Test
  void aRunThatIsNotAnsweredLeavesNoTimes() {
    Recorder recorder = recorder();
    RunTimer timer = new RunTimer("test", recorder);
    timer.begin();
    timer.end();
    assertThat(recorder.snapshot().calls()).isZero();
  }

  @Test
  void aDisabledRecorderCountsNothing() {
    Recorder recorder = Recorder.disabled();
    recorder.ran(1, 2, 3, 4);
    recorder.failed(ErrorKind.INPUT);
    assertThat(recorder.isEnabled()).isFalse();
    assertThat(recorder.snapshot()).isEqualTo(SessionStats.EMPTY);
  }

  @Test
  void whatARecorderThrowsNeverReachesTheCallerAndIsLoggedOnce() {
    try (LoggedLines logged = LoggedLines.of(Recorder.class)) {
      Recorder guarded = Recorder.guarded(new BrokenRecorder());
      assertThatCode(
              () -> {
                guarded.ran(1, 2, 3, 4);
                guarded.answered(1, 2, 3, 4, 5, 6);
                guarded.batch(Dispatch.FULL, 1, 2, 3, 4);
                guarded.failed(ErrorKind.INPUT);
                guarded.rejected(Rejection.SHED);
                guarded.expired();
                guarded.cancelled();
                guarded.late();
              })
          .doesNotThrowAnyException();
      assertThat(guarded.snapshot()).isEqualTo(SessionStats.EMPTY);
      assertThat(guarded.isEnabled()).isTrue();
      assertThat(logged.lines()).singleElement().asString().contains("BrokenRecorder", "ignored");
    }
  }

  /** Throws whatever is called. */
  private static final class BrokenRecorder implements Recorder {
    private static RuntimeException broken() {
      return new IllegalStateException("broken");
    }

    @Override
    public boolean isEnabled() {
      throw broken();
    }

    @Override
    public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
      throw broken();
    }

    @Override
    public void answered(long rows, long validate, long queue, long form, long run, long complete) {
      throw broken();
    }

    @Override
    public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long run) {
      throw broken();
    }

    @Override
    public void failed(ErrorKind kind) {
      throw new AssertionError("broken");
    }

    @Override
    public void rejected(Rejection why) {
      throw broken();
    }

    @Override
    public void expired() {
      throw broken();
    }

    @Override
    public void cancelled() {
      throw broken();
    }

    @Override
    public void late() {
      throw broken();
    }

    @Override
    public SessionStats snapshot() {
      throw broken();
    }
  }
}
