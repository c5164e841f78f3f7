package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.gpu.GpuModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * How a session is opened whose runs a GPU's module makes. The model is bound on the processor
 * here, where the device is the host.
 */
@ExtendWith(NoLeaks.class)
class OpeningOnGpuTest {
  private Path folder;
  private List<Batch> examples;
  private final List<GpuModel> handedOver = new ArrayList<>();

  @BeforeEach
  void make(@TempDir Path temporary) {
    folder = temporary;
    examples = TwoLayers.examples(12, 100);
  }

  @AfterEach
  void close() {
    examples.forEach(Batch::close);
  }

  private SessionOptions options() {
    return SessionOptions.builder()
        .device(Device.cuda(0))
        .precision(Precision.FP16)
        .threads(1)
        .calibration(examples)
        .runtime(
            OnnxOptions.builder()
                .quantization(Quantization.builder().cacheFolder(folder.resolve("cache")).build())
                .build())
        .build();
  }

  /** What the lanes of a test do when they are opened. */
  private interface Opener {
    Session open(GpuModel model, SessionReport report);
  }

  private Session open(Opener opener) {
    return open(new Recorded(opener));
  }

  /** Lanes that count what is done outside of captures, and know whether something is. */
  private static final class Recorded implements Placement.Lanes {
    private final Opener opener;
    private int works;
    private boolean atWork;

    Recorded(Opener opener) {
      this.opener = opener;
    }

    @Override
    public Session open(GpuModel model, SessionReport report) {
      assertThat(atWork).as("lanes may capture").isFalse();
      return opener.open(model, report);
    }

    @Override
    public <T> T outsideCaptures(Supplier<T> work) {
      works++;
      atWork = true;
      try {
        return work.get();
      } finally {
        atWork = false;
      }
    }
  }

  private Session open(Placement.@Nullable Lanes lanes) {
    return open(lanes, options());
  }

  private static Session open(Placement.@Nullable Lanes lanes, SessionOptions options) {
    Placement placement = new Placement(Device.cuda(0), null, lanes, List.of());
    return OnnxSession.open(TwoLayers.inMemory(), options, StandardPasses.INSTANCE, placement);
  }

  /** Opens the model as a lane would, and answers with a session of the original. */
  private Session lanes(GpuModel model) {
    handedOver.add(model);
    try (model) {
      model.open(0, false).close();
    }
    return Session.open(TwoLayers.inMemory(), SessionOptions.builder().threads(1).build());
  }

  private void clearCache() {
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatTheCacheGaveUpBeforeTheLanesOpenIsMadeAgain() {
    try (Session session =
        open(
            (model, report) -> {
              if (handedOver.isEmpty()) {
                clearCache(); // the canary has run, and another process makes room
              }
              return lanes(model);
            })) {
      assertThat(handedOver).hasSize(2);
      assertThat(session.signature().outputNames()).containsExactly("y");
    }
  }

  @Test
  void whatIsOpenedOnTheWayIsOpenedAskedAndClosedOutsideOfCaptures() {
    Recorded lanes = new Recorded((model, report) -> lanes(model));
    try (Session session = open(lanes)) {
      assertThat(session.signature().outputNames()).containsExactly("y");
      assertThat(lanes.works).as("opened, 4 runs of the canary, nodes, closed").isEqualTo(7);
    }
  }

  @Test
  void theProgramIsAskedForInputsWhileCapturesMayGoOn() {
    List<String> notes = new ArrayList<>();
    Recorded lanes =
        new Recorded(
            (model, report) -> {
              notes.addAll(report.notes());
              return lanes(model);
            });
    AtomicInteger asked = new AtomicInteger();
    Iterable<Batch> checks =
        () ->
            examples.stream()
                .peek(
                    batch -> {
                      assertThat(lanes.atWork).as("who is asked may capture").isFalse();
                      asked.incrementAndGet();
                    })
                .iterator();
    try (Session session = open(lanes, options().toBuilder().checks(checks).build())) {
      assertThat(session.signature().outputNames()).containsExactly("y");
      assertThat(notes).anyMatch(note -> note.startsWith("On cuda:0, answers"));
      assertThat(asked).hasPositiveValue();
    }
  }

  @Test
  void aModelThatLanesRefuseIsNotTriedAgain() {
    assertThatThrownBy(
            () ->
                open(
                    (model, report) -> {
                      handedOver.add(model);
                      throw new HoneException.ModelException("No kernel for it.", null);
                    }))
        .isInstanceOf(HoneException.ModelException.class);
    assertThat(handedOver).hasSize(1);
  }

  @Test
  void onlyASessionThatIsOpenIsToldToFlightRecorder() throws Exception {
    Path file = folder.resolve("opening.jfr");
    try (Recording recording = new Recording()) {
      recording.start();
      assertThatThrownBy(
              () ->
                  open(
                      (model, report) -> {
                        model.close();
                        throw new HoneException("No lane is left.");
                      }))
          .hasMessage("No lane is left.");
      recording.stop();
      recording.dump(file);
    }
    assertThat(RecordingFile.readAllEvents(file))
        .filteredOn(event -> event.getEventType().getName().equals("dev.hone.Open"))
        .isEmpty();
  }

  @Test
  void theCanarysRunsAreNotCountedAsTheApplications() {
    try (Session session = open((Placement.Lanes) null);
        Batch out = session.run(examples.get(0))) {
      assertThat(out.size()).isOne();
      assertThat(session.report().notes()).anyMatch(note -> note.startsWith("On cuda:0, answers"));
      assertThat(session.stats().rows()).isEqualTo(4);
    }
  }
}
