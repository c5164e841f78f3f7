package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.contract.ReferenceModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What Flight Recorder hears of a session on lanes. */
@ExtendWith(NoLeaks.class)
class LaneEventsTest {
  @Test
  void aRunWhoseDeadlinePassedIsTold(@TempDir Path folder) throws IOException {
    RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(5));
    Path file = folder.resolve("hone.jfr");
    try (Recording recording = new Recording();
        Session session = FakeLanes.open(ReferenceModel.count(), 1, 0);
        Batch endless = Batch.of("times", Tensor.scalar(1_000_000_000_000L));
        Batch once = Batch.of("times", Tensor.scalar(1L));
        Batch out = session.run(once)) {
      recording.start();
      assertThatThrownBy(() -> session.run(endless, soon)).isInstanceOf(DeadlineException.class);
      assertThatThrownBy(() -> session.run(endless, out, soon))
          .isInstanceOf(DeadlineException.class);
      session.run(once, out);
      recording.stop();
      recording.dump(file);
    }
    assertThat(RecordingFile.readAllEvents(file))
        .filteredOn(event -> event.getEventType().getName().equals("dev.hone.Run"))
        .extracting(event -> event.getString("outcome"))
        .containsExactlyInAnyOrder("EXPIRED", "EXPIRED", "ANSWERED");
  }
}
