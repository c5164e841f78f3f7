package dev.hone.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** With {@code -Dhone.leaks=strict}, as all tests run. */
@ExtendWith(NoLeaks.class)
class LeakDetectionTest {
  private final Logger logger = Logger.getLogger("dev.hone.memory");
  private final List<LogRecord> records = Collections.synchronizedList(new ArrayList<>());
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord logRecord) {
          records.add(logRecord);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void stopListening() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  @Test
  void readingWhatIsHeldFreesNothingAndCountsWhatIsForgottenUntilItGoes() {
    long leaks =
        NoLeaks.leaksOf(
            () -> {
              long before = Memory.stats().liveBytes(); // of what earlier tests forgot, all is gone
              forgetsMemory();
              NoLeaks.collect();
              assertThat(Memory.stats().liveBytes()).isEqualTo(before + 64);
              assertThat(records).isEmpty();
              LeakDetection.leaks();
              assertThat(Memory.stats().liveBytes()).isEqualTo(before);
              assertThat(records).hasSize(1);
            });
    assertThat(leaks).isEqualTo(1);
  }

  private static void forgetsWhatCannotBeFreed(Error failure) {
    LeakDetection.track(
        new Object(),
        "thing",
        () -> {
          throw failure;
        });
  }

  @Test
  void whatFailsToBeFreedIsLoggedAndSparesWhoHappensToBeThere() {
    Error failure = new LinkageError("no library");
    AtomicInteger freed = new AtomicInteger();
    long leaks =
        NoLeaks.leaksOf(
            () -> {
              forgetsToClose(freed);
              forgetsWhatCannotBeFreed(failure);
              forgetsToClose(freed);
            });
    assertThat(leaks).isEqualTo(3);
    assertThat(freed).hasValue(2);
    assertThat(records)
        .filteredOn(report -> report.getThrown() == failure)
        .singleElement()
        .satisfies(
            report ->
                assertThat(report.getMessage())
                    .isEqualTo(
                        "This thing was not closed, and freeing it failed. Close it after its last"
                            + " use."));
    assertThat(failure.getSuppressed())
        .singleElement()
        .satisfies(
            opening ->
                assertThat(opening).hasMessage("This thing was opened here and never closed."));
  }

  private static void forgetsMemory() {
    Memory.allocate(64);
  }

  private static void forgetsToClose(AtomicInteger freed) {
    Object resource = new Object();
    LeakDetection.track(resource, "thing", freed::incrementAndGet);
  }

  @Test
  void aLeakIsFreedCountedAndReportedWithThePlaceOfItsOpening() {
    AtomicInteger freed = new AtomicInteger();
    assertThat(NoLeaks.leaksOf(() -> forgetsToClose(freed))).isEqualTo(1);
    assertThat(freed).hasValue(1);
    assertThat(records).hasSize(1);
    LogRecord report = records.get(0);
    assertThat(report.getLevel()).isEqualTo(Level.WARNING);
    assertThat(report.getMessage()).startsWith("This thing was not closed").contains("opened here");
    assertThat(Arrays.stream(report.getThrown().getStackTrace()).map(f -> f.getMethodName()))
        .contains("forgetsToClose");
    assertThat(report.getThrown()).hasMessage("This thing was opened here and never closed.");
  }

  @Test
  void whatWasClosedIsNoLeak() {
    AtomicInteger freed = new AtomicInteger();
    long leaks =
        NoLeaks.leaksOf(
            () -> {
              Object resource = new Object();
              LeakDetection.Lifeline lifeline =
                  LeakDetection.track(resource, "thing", freed::incrementAndGet);
              lifeline.cut();
              lifeline.cut();
            });
    assertThat(leaks).isZero();
    assertThat(freed).hasValue(1);
    assertThat(records).isEmpty();
  }

  @Test
  void whatIsStillReachableIsNoLeak() {
    AtomicInteger freed = new AtomicInteger();
    Object resource = new Object();
    LeakDetection.Lifeline lifeline =
        LeakDetection.track(resource, "thing", freed::incrementAndGet);
    assertThat(NoLeaks.leaksOf(() -> {})).isZero();
    assertThat(freed).hasValue(0);
    lifeline.cut();
    assertThat(resource).isNotNull();
  }

  @Test
  void manyLeaksAreFoundOnceEach() {
    AtomicInteger freed = new AtomicInteger();
    long leaks =
        NoLeaks.leaksOf(
            () -> {
              for (int i = 0; i < 100; i++) {
                forgetsToClose(freed);
              }
            });
    assertThat(leaks).isEqualTo(100);
    assertThat(freed).hasValue(100);
    assertThat(records).hasSize(100);
  }

  @Test
  void leaksOfWhichNobodyKnowsWhereDoNotFillTheLog() {
    assertThat(LongStream.rangeClosed(1, 1_000).filter(LeakDetection::isTold))
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 512L);
    assertThat(LeakDetection.text("memory", 1))
        .isEqualTo(
            "This memory was not closed; it was freed because nothing refers to it any more. Close"
                + " sessions, batches and tensors, best with try (...) {}; run with"
                + " -Dhone.leaks=strict to see where each was opened.");
    assertThat(LeakDetection.text("session", 8)).contains(" It is leak number 8. ");
  }
}
