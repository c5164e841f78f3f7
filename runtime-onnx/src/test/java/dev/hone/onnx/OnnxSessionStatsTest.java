package dev.hone.onnx;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.contract.ReferenceModel;
import dev.hone.metrics.Distribution;
import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import dev.hone.metrics.Stage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a session counts. */
@ExtendWith(NoLeaks.class)
class OnnxSessionStatsTest {
  private static final long ENDLESS = 1_000_000_000_000L;

  @Test
  void everyCallCountsOnceByHowItEnded() {
    SessionStats stats;
    try (Session session = Session.open(ReferenceOnnx.model(ReferenceModel.pick()));
        Batch good = Batch.of("index", Tensor.of(new long[] {0, 1, 2}));
        Batch outOfRange = Batch.of("index", Tensor.of(new long[] {99}));
        Batch wrongType = Batch.of("index", Tensor.of(new float[] {1}));
        Batch out = Batch.of("y", Tensor.of(new float[3]))) {
      for (int i = 0; i < 5; i++) {
        session.run(good).close();
        session.run(good, out);
      }
      session.runAsync(good).join().close();
      assertThatThrownBy(() -> session.run(outOfRange)).isInstanceOf(HoneException.class);
      assertThatThrownBy(() -> session.run(wrongType)).isInstanceOf(IllegalArgumentException.class);
      assertThat(session.runAsync(wrongType)).isCompletedExceptionally();
      session.close();
      assertThatThrownBy(() -> session.run(good)).isInstanceOf(IllegalStateException.class);
      stats = session.stats();
    }
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(11);
    assertThat(stats.rows()).isEqualTo(33);
    assertThat(stats.failures())
        .isEqualTo(
            Map.of(
                ErrorKind.INPUT, 2L,
                ErrorKind.CLOSED, 1L,
                ErrorKind.MEMORY, 0L,
                ErrorKind.RUNTIME, 1L,
                ErrorKind.OTHER, 0L));
    assertThat(stats.calls()).isEqualTo(15);
    assertThat(stats.stage(Stage.RUN).count()).isEqualTo(11);
    assertThat(stats.stage(Stage.RUN).sum()).isPositive();
    assertThat(stats.stages().values().stream().mapToLong(Distribution::sum).sum())
        .isEqualTo(stats.total().sum());
  }

  @Test
  void stoppedCallsCountAsExpiredOrCancelled() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    try (Session session = Session.open(ReferenceOnnx.model(ReferenceModel.count()));
        Batch endless = Batch.of("times", Tensor.scalar(ENDLESS))) {
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(5));
      assertThatThrownBy(() -> session.run(endless, soon))
          .isInstanceOf(HoneException.DeadlineException.class);
      RunOptions never = RunOptions.DEFAULT.withCancellation(cancellation);
      assertThatThrownBy(() -> session.run(endless, never))
          .isInstanceOf(HoneException.CancelledException.class);
      assertThat(session.stats().outcomes())
          .containsEntry(Outcome.EXPIRED, 1L)
          .containsEntry(Outcome.CANCELLED, 1L)
          .containsEntry(Outcome.ANSWERED, 0L);
    }
  }

  @Test
  void flightRecorderSaysOfEachRunWhatTheStatsSay(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("hone.jfr");
    Map<Outcome, Long> counted;
    try (Recording recording = new Recording();
        Session session = Session.open(ReferenceOnnx.model(ReferenceModel.count()));
        Batch endless = Batch.of("times", Tensor.scalar(ENDLESS));
        Batch once = Batch.of("times", Tensor.scalar(1L));
        Batch out = session.run(once)) {
      recording.start();
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(5));
      assertThatThrownBy(() -> session.run(endless, soon));
      assertThatThrownBy(() -> session.run(endless, out, soon));
      assertThatThrownBy(() -> session.runAsync(endless, soon).join());
      Cancellation cancellation = new Cancellation();
      cancellation.cancel();
      RunOptions never = RunOptions.DEFAULT.withCancellation(cancellation);
      assertThatThrownBy(() -> session.run(endless, never));
      assertThatThrownBy(() -> session.run(out));
      session.run(once, out);
      recording.stop();
      recording.dump(file);
      counted = new EnumMap<>(session.stats().outcomes());
    }
    counted.merge(Outcome.ANSWERED, -1L, Long::sum); // the one before the recording
    counted.values().removeIf(count -> count == 0);
    assertThat(counted).containsEntry(Outcome.EXPIRED, 3L).hasSize(4);
    assertThat(
            RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.hone.Run"))
                .map(event -> Outcome.valueOf(event.getString("outcome")))
                .collect(groupingBy(outcome -> outcome, counting())))
        .isEqualTo(counted);
  }

  /** In some of these rounds the run has just computed its result when it is cancelled. */
  @Test
  void aCallThatItsCallerSawCancelledIsNeverCountedAsAnswered() {
    int rounds = 3_000;
    long answered = 0;
    try (Session session = Session.open(ReferenceOnnx.model(ReferenceModel.pick()));
        Batch in = Batch.of("index", Tensor.of(new long[] {0, 1, 2}))) {
      for (int round = 0; round < rounds; round++) {
        CompletableFuture<Batch> future = session.runAsync(in);
        for (int spin = 0; spin < round % 300 * 10; spin++) {
          Thread.onSpinWait();
        }
        if (!future.cancel(true)) {
          future.join().close();
          answered++;
        }
      }
      session.close(); // waits for the last calls
      assertThat(session.stats().outcomes())
          .containsEntry(Outcome.ANSWERED, answered)
          .containsEntry(Outcome.CANCELLED, rounds - answered);
    }
  }

  @Test
  void nativeMemoryOfTheProcessIsInTheStats() {
    try (Session session = Session.open(ReferenceOnnx.model(ReferenceModel.pick()));
        Batch in = Batch.of("index", Tensor.of(new long[1_000]))) {
      assertThat(session.stats().now().nativeBytes()).isGreaterThanOrEqualTo(8_000);
      assertThat(session.stats().now().peakNativeBytes())
          .isGreaterThanOrEqualTo(session.stats().now().nativeBytes());
      session.run(in).close();
      assertThat(session.stats().now().utilization()).isPositive();
    }
  }

  @Test
  void countingCanBeTurnedOff() {
    Model model = ReferenceOnnx.model(ReferenceModel.pick());
    SessionOptions options = SessionOptions.builder().recorder(Recorder.disabled()).build();
    try (Session session = Session.open(model, options);
        Batch in = Batch.of("index", Tensor.of(new long[] {0}))) {
      session.run(in).close();
      assertThat(session.stats()).isEqualTo(SessionStats.EMPTY);
    }
  }
}
