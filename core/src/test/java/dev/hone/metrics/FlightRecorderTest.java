package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecorderTest {
  private static void work() {
    Recorder recorder = Recorder.counting("model.onnx", Capacity.of(1), Gauges.NONE);
    OpenTimer.begin().opened("model.onnx", "INT8", "CPU", 2);
    RunTimer timer = new RunTimer("model.onnx", recorder);
    timer.begin();
    timer.answered(7);
    timer.end();
    timer.begin();
    timer.unanswered(Outcome.EXPIRED);
    timer.end();
    timer.begin();
    timer.end();
    recorder.batch(Dispatch.FULL, 32, 300, 400, 1_000);
    recorder.rejected(Rejection.QUEUE_FULL);
  }

  @Test
  void openingRunningBatchingAndOverloadAreEvents(@TempDir Path folder) throws Exception {
    work(); // before the recording: not in it
    Path file = folder.resolve("hone.jfr");
    try (Recording recording = new Recording()) {
      recording.start();
      work();
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().startsWith("dev.hone."))
            .toList();
    assertThat(events)
        .allMatch(event -> event.getString("session").equals("model.onnx"))
        .extracting(event -> event.getEventType().getName())
        .containsExactlyInAnyOrder(
            "dev.hone.Open",
            "dev.hone.Run",
            "dev.hone.Run",
            "dev.hone.Run",
            "dev.hone.Batch",
            "dev.hone.Overload");
    assertThat(named(events, "dev.hone.Run"))
        .extracting(event -> event.getString("outcome") + " " + event.getLong("rows"))
        .containsExactlyInAnyOrder("ANSWERED 7", "EXPIRED 0", "FAILED 0");
    RecordedEvent batch = named(events, "dev.hone.Batch").get(0);
    assertThat(batch.getString("reason")).isEqualTo("FULL");
    assertThat(batch.getDuration("runNanos").toNanos()).isEqualTo(1_000);
    RecordedEvent open = named(events, "dev.hone.Open").get(0);
    assertThat(open.getString("precision")).isEqualTo("INT8");
    assertThat(open.getInt("threads")).isEqualTo(2);
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
  }
}
