package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionMetrics;
import dev.hone.metrics.SessionStats;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
class ShadowTest {
  private static final Embedder MODEL = Embedder.random(1);
  private static final Embedder HARMED = MODEL.noised(0.5, 1);

  private final Random random = new Random(7);

  private static ShadowPolicy.Builder everything() {
    return ShadowPolicy.builder().sampledShare(1).budget(1);
  }

  private Batch request() {
    return Batch.of("x", Tensor.of(Embedder.gaussian(random, 2, Embedder.INPUTS)));
  }

  private void run(Shadow shadow, int requests) {
    for (int i = 0; i < requests; i++) {
      try (Batch in = request()) {
        shadow.run(in).close();
      }
      await(shadow);
    }
  }

  private static void await(Shadow shadow) {
    while (!shadow.isIdle()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void answersComeFromTheFastModel() {
    try (Shadow shadow = Shadow.of(HARMED.open(), MODEL.open(), everything().build());
        Batch in = request();
        Batch out = shadow.run(in);
        Batch later = shadow.runAsync(in).join();
        Batch brought = Batch.of("y", Tensor.of(new float[2][Embedder.OUTPUTS]))) {
      shadow.run(in, brought);
      float[][] expected = new float[2][];
      for (int i = 0; i < 2; i++) {
        expected[i] = HARMED.embed(in.get("x").toFloatMatrix()[i]);
      }
      assertThat(out.get("y").toFloatMatrix()).isDeepEqualTo(expected);
      assertThat(later.get("y").toFloatMatrix()).isDeepEqualTo(expected);
      assertThat(brought.get("y").toFloatMatrix()).isDeepEqualTo(expected);
    }
  }

  @Test
  void everyWayToRunIsCompared() {
    try (Shadow shadow = Shadow.of(MODEL.open(), MODEL.open(), everything().build());
        Batch in = request();
        Batch brought = Batch.of("y", Tensor.of(new float[2][Embedder.OUTPUTS]))) {
      shadow.run(in).close();
      await(shadow);
      shadow.runAsync(in).join().close();
      await(shadow);
      shadow.run(in, brought);
      await(shadow);
      assertThat(shadow.shadowStats().compared()).isEqualTo(3);
      assertThat(shadow.shadowStats().disagreed()).isZero();
      assertThat(shadow.shadowStats().state()).isEqualTo(Agreement.OK);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  void aSampledFutureRefusesAFailureThatIsNoneAndGoesOn() {
    CompletableFuture<Void> refused = new CompletableFuture<>();
    FakeModel failing =
        FakeModel.of(
            Embedder.SIGNATURE,
            in -> {
              refused.join();
              throw new HoneException("injected");
            });
    try (Shadow shadow = Shadow.of(Session.open(failing), MODEL.open(), everything().build());
        Batch in = request()) {
      CompletableFuture<Batch> future = shadow.runAsync(in);
      assertThatThrownBy(() -> future.completeExceptionally(null))
          .isInstanceOf(NullPointerException.class);
      refused.complete(null);
      assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS)).hasRootCauseMessage("injected");
    }
  }

  @Test
  void harmIsToldToTheListenerAndToFlightRecorder(@TempDir Path folder) throws Exception {
    List<Agreement> told = new CopyOnWriteArrayList<>();
    ShadowPolicy policy = everything().onChange(stats -> told.add(stats.state())).build();
    Path file = folder.resolve("drift.jfr");
    try (Recording recording = new Recording();
        Shadow shadow = Shadow.of(HARMED.open(), MODEL.open(), policy)) {
      recording.start();
      run(shadow, 20);
      recording.stop();
      recording.dump(file);
      assertThat(shadow.shadowStats().disagreed()).isEqualTo(20);
      assertThat(shadow.isFallenBack()).isFalse();
    }
    assertThat(told).containsExactly(Agreement.WARN, Agreement.DRIFT);
    assertThat(RecordingFile.readAllEvents(file))
        .filteredOn(event -> event.getEventType().getName().equals("dev.hone.Drift"))
        .extracting(event -> event.getString("state"))
        .containsExactly("WARN", "DRIFT");
  }

  @Test
  void anAnswerWithoutTheOutputsThatAreComparedIsNoAgreement() {
    Signature two =
        new Signature(
            Embedder.SIGNATURE.inputs(),
            List.of(
                Embedder.SIGNATURE.outputs().get(0),
                Value.tensor("label", DataType.FLOAT32, Dimension.of("rows"))));
    FakeModel model =
        FakeModel.of(two, in -> Batch.of("y", zeros(), "label", Tensor.of(new float[2], 2)));
    ShadowPolicy policy = everything().compare("y", Comparison.COSINE).build();
    try (Shadow shadow = Shadow.of(Session.open(model), Session.open(model), policy);
        Batch in = request()) {
      shadow.run(in, RunOptions.DEFAULT.withOutputs("label")).close();
      await(shadow);
      assertThat(shadow.shadowStats().compared()).isZero();
      assertThat(shadow.shadowStats().skipped()).isEqualTo(1);
      shadow.run(in, RunOptions.DEFAULT.withOutputs("label", "y")).close();
      await(shadow);
      assertThat(shadow.shadowStats().compared()).isEqualTo(1);
    }
  }

  @Test
  void theBudgetBoundsTheTimeOfTheBaseline() {
    FakeModel slow =
        FakeModel.of(Embedder.SIGNATURE, in -> Batch.of("y", zeros()))
            .withDelay(Duration.ofMillis(20));
    ShadowPolicy policy = everything().budget(0.000_001).build();
    try (Shadow shadow = Shadow.of(MODEL.open(), Session.open(slow), policy)) {
      run(shadow, 50);
      assertThat(shadow.shadowStats().compared()).isEqualTo(1); // and then a pause of hours
      assertThat(shadow.shadowStats().skipped()).isEqualTo(49);
    }
  }

  private static Tensor zeros() {
    return Tensor.of(new float[2][Embedder.OUTPUTS]);
  }

  @Test
  void onlyTheSampledShareIsCompared() {
    ShadowPolicy policy = everything().sampledShare(0.1).build();
    try (Shadow shadow = Shadow.of(MODEL.open(), MODEL.open(), policy)) {
      run(shadow, 2_000);
      assertThat(shadow.shadowStats().compared()).isBetween(120L, 280L); // 200 +- 6 deviations
    }
  }

  @Test
  void nothingIsComparedUnderPressure() {
    SessionStats busy =
        new SessionStats(
            SessionStats.EMPTY.outcomes(),
            SessionStats.EMPTY.total(),
            SessionStats.EMPTY.stages(),
            0,
            0,
            SessionStats.EMPTY.failures(),
            SessionStats.EMPTY.rejections(),
            SessionStats.EMPTY.batches(),
            new SessionStats.Moment(0, 0, 0, 0, 0.9, 0.9));
    Session fast = new Forwarding(MODEL.open(), () -> busy, Recorder.disabled());
    try (Shadow shadow = Shadow.of(fast, MODEL.open(), everything().build())) {
      run(shadow, 10);
      assertThat(shadow.shadowStats().compared()).isZero();
      assertThat(shadow.shadowStats().skipped()).isEqualTo(10);
      assertThat(shadow.stats()).isSameAs(busy);
    }
  }

  @Test
  void requestsUnlikeTheReferenceAreAShift(@TempDir Path folder) {
    List<Batch> samples = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      samples.add(request());
    }
    Path file = folder.resolve("reference.txt");
    try (Session fast = MODEL.open();
        Session baseline = MODEL.open()) {
      ShadowReference.measure(fast, baseline, samples).save(file);
    } finally {
      samples.forEach(Batch::close);
    }
    List<ShadowStats> told = new CopyOnWriteArrayList<>();
    ShadowPolicy policy =
        everything().reference(ShadowReference.load(file)).onChange(told::add).build();
    try (Shadow shadow = Shadow.of(MODEL.open(), MODEL.open(), policy)) {
      run(shadow, 300);
      assertThat(shadow.shadowStats().distributionShift())
          .containsOnlyKeys("norm(x)", "norm(y)", "entropy(y)");
      assertThat(shadow.shadowStats().largestShift()).isLessThan(SketchWatch.SHIFTED);
      assertThat(told).isEmpty();
      for (int i = 0; i < 300; i++) {
        float[][] large = Embedder.gaussian(random, 2, Embedder.INPUTS);
        large[0][0] += 9;
        large[1][0] += 9;
        try (Batch in = Batch.of("x", Tensor.of(large))) {
          shadow.run(in).close();
        }
        await(shadow);
      }
      assertThat(shadow.shadowStats().largestShift()).isGreaterThan(SketchWatch.SHIFTED);
      assertThat(shadow.shadowStats().state()).isEqualTo(Agreement.OK); // both models agree still
      assertThat(told).isNotEmpty();
    }
  }

  @Test
  void modelsWithOtherOutputsAreRefused() {
    Signature other =
        new Signature(
            Embedder.SIGNATURE.inputs(),
            List.of(Value.tensor("z", DataType.FLOAT32, Dimension.of("rows"))));
    try (Session fast = MODEL.open();
        Session alike = MODEL.open();
        Session baseline = Session.open(FakeModel.of(other, in -> in))) {
      assertThatThrownBy(() -> Shadow.of(fast, baseline, ShadowPolicy.DEFAULT))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must have the same outputs")
          .hasMessageContaining("z FLOAT32");
      ShadowPolicy wrong = ShadowPolicy.builder().compare("logits", Comparison.KL).build();
      assertThatThrownBy(() -> Shadow.of(fast, alike, wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("logits")
          .hasMessageContaining("y FLOAT32");
    }
  }

  @Test
  void aSessionIsNoSecondOpinionOfItself() {
    try (Session session = MODEL.open()) {
      assertThatThrownBy(() -> Shadow.of(session, session, ShadowPolicy.DEFAULT))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("always agrees with itself", "Open a second one");
      run(session);
    }
  }

  private void run(Session session) {
    try (Batch in = request()) {
      session.run(in).close();
    }
  }

  @Test
  void aPolicySaysWhatDiffersFromTheUsual() {
    assertThat(ShadowPolicy.DEFAULT).hasToString("defaults");
    ShadowPolicy policy =
        ShadowPolicy.builder()
            .sampledShare(0.5)
            .compare("y", Comparison.KL)
            .compare("z", Comparison.COSINE, 0.25)
            .whenDrifted(ShadowPolicy.WhenDrifted.FALL_BACK)
            .build();
    assertThat(policy)
        .hasToString("sampledShare 0.5, compare {y=KL, z=COSINE up to 0.25}, FALL_BACK");
  }

  @Test
  void aReferenceIsSavedWholeAndTakesNoPlaceOfWhatIsNoFile(@TempDir Path folder)
      throws IOException {
    ShadowReference reference = reference();
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path socket = folder.resolve("socket");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
      cannotBeSaved(reference, inner, "it is a folder. Name a file in it.");
      cannotBeSaved(reference, socket, "it is no regular file", "Name a file.");
      cannotBeSaved(
          reference,
          folder.resolve("missing").resolve("file"),
          "there is no folder",
          "Files.createDirectories");
      assertThat(inner).isEmptyDirectory();
    }
    Files.delete(socket);
    Path file = Files.writeString(folder.resolve("file"), "what was there before");
    reference.save(file);
    assertThat(ShadowReference.load(file).sketches().keySet())
        .isEqualTo(reference.sketches().keySet());
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("inner", "file");
  }

  private ShadowReference reference() {
    List<Batch> samples = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      samples.add(request());
    }
    try (Session fast = MODEL.open();
        Session baseline = MODEL.open()) {
      return ShadowReference.measure(fast, baseline, samples);
    } finally {
      samples.forEach(Batch::close);
    }
  }

  private static void cannotBeSaved(ShadowReference reference, Path file, String... words) {
    assertThatThrownBy(() -> reference.save(file))
        .isInstanceOf(HoneException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(words);
  }

  @Test
  void policiesRefuseWhatMakesNoSense() {
    assertThatThrownBy(() -> ShadowPolicy.builder().sampledShare(0))
        .hasMessage("sampledShare must be above 0 and at most 1, but is 0.0.");
    assertThatThrownBy(() -> ShadowPolicy.builder().rates(0.1, 0.1, 1e-6))
        .hasMessageContaining("healthyRate < harmfulRate")
        .hasMessageContaining("0.1, 0.1");
  }

  @Test
  void whatIsNoReferenceIsRefusedInWords(@TempDir Path folder) throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "something else");
    Path bytes = Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xff, (byte) 0xfe});
    cannotBeLoaded(folder.resolve("nowhere"), "there is no such file");
    cannotBeLoaded(bytes, "it is no text");
    cannotBeLoaded(text, "its first line is not 'hone-shadow-reference 1'");
  }

  private static void cannotBeLoaded(Path file, String why) {
    assertThatThrownBy(() -> ShadowReference.load(file))
        .isInstanceOf(HoneException.class)
        .hasMessage(
            "No reference can be read from %s: %s. Make one with ShadowReference.measure and save.",
            file, why);
  }

  @Test
  void allMetersOfASessionAndItsShadowAreAtMostSixtySeries() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Shadow shadow = Shadow.of(HARMED.open(), MODEL.open(), everything().build())) {
      new SessionMetrics("embedder", shadow::stats).bindTo(registry);
      new ShadowMetrics("embedder", shadow::shadowStats).bindTo(registry);
      run(shadow, 10);
      assertThat(registry.get("inference.shadow.state").gauge().value()).isEqualTo(2);
      assertThat(
              registry
                  .get("inference.shadow.requests")
                  .tag("result", "disagreed")
                  .functionCounter()
                  .count())
          .isEqualTo(10);
    }
    int[] series = new int[1];
    registry.getMeters().forEach(meter -> meter.measure().forEach(m -> series[0]++));
    assertThat(series[0]).isLessThanOrEqualTo(60);
  }
}
