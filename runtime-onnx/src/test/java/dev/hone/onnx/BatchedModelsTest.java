package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.BatchPolicy.Interaction;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.Texts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models that people have, called by many threads through a batcher: nobody sees a difference. */
@ExtendWith(NoLeaks.class) // also of the session that opening tried and did not keep
class BatchedModelsTest {
  private static final int CALLERS = 16;
  private static final double TOLERANCE = 1e-4; // the batcher's, of a row's largest number
  private static final String QUANTIZED = "/all-minilm-l6-v2-q.onnx";
  private static final String RECOGNITION = "/models/ch_PP-OCRv3_rec_infer.onnx";
  private static final String DETECTION = "/models/ch_PP-OCRv3_det_infer.onnx";

  @Test
  void textsOfMixedLengthGetTheAnswersTheyGetAlone() throws Exception {
    callersGetWhatTheyGetAlone(texts(64), 2);
  }

  @Test
  @Tag("slow")
  void thousandsOfTextsGetTheAnswersTheyGetAlone() throws Exception {
    callersGetWhatTheyGetAlone(texts(500), 10);
  }

  private static void callersGetWhatTheyGetAlone(List<Batch> texts, int rounds) throws Exception {
    Session session = Session.open(MiniLm.model());
    List<float[]> expected = answers(session, texts);
    try (Batcher batcher = Batcher.over(session, quick().evenIfItDoesNotPay().build())) {
      double worst = callFromManyThreads(batcher, texts, expected, rounds);
      assertThat(worst).isLessThanOrEqualTo(TOLERANCE);
      SessionStats stats = batcher.stats();
      assertThat(stats.rows()).isEqualTo((long) rounds * texts.size());
      assertThat(stats.batches().rows().mean()).as("rows in a batch").isGreaterThan(1);
      assertThat(batcher.report().toString()).contains("padding changes ");
    }
    texts.forEach(Batch::close);
  }

  @Test
  void asynchronousCallsShareBatchesAndKeepTheirOrder() {
    List<Batch> texts = texts(48);
    Session session = Session.open(MiniLm.model());
    List<float[]> expected = answers(session, texts);
    try (Batcher batcher = Batcher.over(session, quick().evenIfItDoesNotPay().build())) {
      List<CompletableFuture<Batch>> answers = texts.stream().map(batcher::runAsync).toList();
      texts.forEach(Batch::close); // the batcher holds on to what it needs
      for (int i = 0; i < answers.size(); i++) {
        try (Batch answer = answers.get(i).join()) {
          assertThat(difference(expected.get(i), answer)).isLessThanOrEqualTo(TOLERANCE);
        }
      }
    }
  }

  @Test
  void scalesOverTheWholeBatchAreFoundAndCallsRunOneByOne() throws Exception {
    List<Batch> texts = texts(32);
    Session session = Session.open(quantized());
    List<float[]> expected = answers(session, texts);
    try (Batcher batcher = Batcher.over(session, quick().evenIfItDoesNotPay().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(batcher.report().toString())
          .contains("calls run one by one, because rows change each other's results, by ");
      assertThat(callFromManyThreads(batcher, texts, expected, 1)).isZero(); // to the last bit
    } finally {
      texts.forEach(Batch::close);
    }
  }

  @Test
  void scalesOverTheWholeBatchAreFoundWithOneSampleToo() {
    List<Batch> one = texts(1);
    BatchPolicy policy = quick().evenIfItDoesNotPay().samples(one.get(0)).build();
    try (Batcher batcher = Batcher.over(Session.open(quantized()), policy)) {
      assertThat(batcher.report().toString()).contains("rows change each other's results, by ");
    } finally {
      one.forEach(Batch::close);
    }
  }

  @Test
  void scalesOverTheWholeBatchAreRefusedWhereThePolicySaysSo() {
    BatchPolicy strict = quick().whenRowsInteract(Interaction.REFUSE).build();
    try (Session session = Session.open(quantized())) {
      assertThatThrownBy(() -> Batcher.over(session, strict))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows change each other's results, by ")
          .hasMessageContaining("Choose Interaction.RUN_ALONE");
    }
  }

  @Test
  void picturesOfOneSizeShareBatches() throws Exception {
    List<Batch> lines = pictures(12, 48, 96);
    lines.addAll(pictures(12, 48, 160)); // their answers have another shape
    Session session = Session.open(Model.loadResource(BatchedModelsTest.class, RECOGNITION));
    List<float[]> expected = answers(session, lines);
    BatchPolicy policy = quick().samples(lines.get(0)).evenIfItDoesNotPay().build();
    try (Batcher batcher = Batcher.over(session, policy)) {
      assertThat(batcher.isBatching()).isTrue();
      assertThat(callFromManyThreads(batcher, lines, expected, 1)).isLessThanOrEqualTo(TOLERANCE);
    } finally {
      lines.forEach(Batch::close);
    }
  }

  @Test
  void aModelThatTakesCertainSizesOnlyIsProbedWithOneThatItTakes() {
    Session session = Session.open(Model.loadResource(BatchedModelsTest.class, DETECTION));
    try (Batcher batcher = Batcher.over(session, quick().evenIfItDoesNotPay().build());
        Batch picture = pictures(1, 64, 96).get(0);
        Batch output = batcher.run(picture)) {
      assertThat(batcher.isBatching()).isTrue();
      assertThat(output.tensor(0).shape().toArray()).containsExactly(1, 1, 64, 96);
    }
  }

  @Test
  void openingChoosesHowManyThreadsEachRunHas() {
    int processors = Runtime.getRuntime().availableProcessors();
    try (Batcher batcher =
        Batcher.open(TwoLayers.inMemory(), SessionOptions.DEFAULT, quick().build())) {
      assertThat(batcher.report().threads()).isIn(1, processors);
      if (processors > 1) {
        assertThat(batcher.report().toString())
            .containsPattern("threads: \\d+ for each run, which serves \\d+ rows a second;");
      }
    }
  }

  @Test
  void aNumberOfThreadsThatIsGivenIsKept() {
    SessionOptions two = SessionOptions.builder().threads(2).build();
    try (Batcher batcher = Batcher.open(TwoLayers.inMemory(), two, quick().build())) {
      assertThat(batcher.report().threads()).isEqualTo(2);
      assertThat(batcher.report().toString()).doesNotContain("threads: ");
    }
  }

  @Test
  void callsAreCountedOnceAndNothingElseIs() {
    BatchPolicy policy = quick().evenIfItDoesNotPay().build();
    Model model = TwoLayers.inMemory();
    try (Batcher batcher = Batcher.open(model, SessionOptions.DEFAULT, policy);
        Batch row = TwoLayers.examples(1, 7).get(0)) {
      assertThat(batcher.stats().calls()).isZero();
      batcher.run(row).close();
      batcher.runAsync(row).join().close();
      assertThat(batcher.stats().calls()).isEqualTo(2);
    }
  }

  @Test
  void callsThatGoStraightToTheSessionAreCountedOnceAndNothingElseIs() {
    try (Batcher batcher = Batcher.open(quantized(), SessionOptions.DEFAULT, quick().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(batcher.stats().calls()).isZero();
      for (Batch text : texts(3)) {
        batcher.run(text).close();
        text.close();
      }
      assertThat(batcher.stats().calls()).isEqualTo(3);
    }
  }

  @Test
  void aRecorderThatTheApplicationGivesTheSessionIsKept() {
    Recorder mine = Recorder.counting("mine", Capacity.of(1), Gauges.NONE);
    SessionOptions options = SessionOptions.builder().recorder(mine).threads(1).build();
    try (Batcher batcher = Batcher.open(TwoLayers.inMemory(), options, quick().build())) {
      assertThat(mine.snapshot().calls()).isPositive(); // the runs of opening, at least
    }
  }

  private static BatchPolicy.Builder quick() {
    return BatchPolicy.builder().warmUp(Duration.ofMillis(100));
  }

  private static Model quantized() {
    return Model.loadResource(BatchedModelsTest.class, QUANTIZED);
  }

  private static List<Batch> texts(int count) {
    return MiniLm.tokenize(Texts.make(count)).stream().map(MiniLm::batch).toList();
  }

  private static List<Batch> pictures(int count, int height, int width) {
    Random random = new Random(height + width);
    List<Batch> pictures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] pixels = new float[3 * height * width];
      for (int p = 0; p < pixels.length; p++) {
        pixels[p] = random.nextFloat() * 2 - 1;
      }
      pictures.add(Batch.of("x", Tensor.of(pixels, 1, 3, height, width)));
    }
    return pictures;
  }

  private static List<float[]> answers(Session session, List<Batch> calls) {
    List<float[]> answers = new ArrayList<>();
    for (Batch call : calls) {
      try (Batch answer = session.run(call)) {
        answers.add(answer.tensor(0).toFloatArray());
      }
    }
    return answers;
  }

  /** Each thread takes the next call as soon as it has its answer; the largest difference. */
  private static double callFromManyThreads(
      Session session, List<Batch> calls, List<float[]> expected, int rounds) throws Exception {
    AtomicInteger next = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<Double>> running = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        running.add(
            threads.submit(
                () -> {
                  double worst = 0;
                  int turn = next.getAndIncrement();
                  while (turn < rounds * calls.size()) {
                    int call = turn % calls.size();
                    try (Batch answer = session.run(calls.get(call))) {
                      worst = Math.max(worst, difference(expected.get(call), answer));
                    }
                    turn = next.getAndIncrement();
                  }
                  return worst;
                }));
      }
      double worst = 0;
      for (Future<Double> thread : running) {
        worst = Math.max(worst, thread.get());
      }
      return worst;
    } finally {
      threads.shutdown();
    }
  }

  /** The largest difference of two numbers, as a part of the largest number. */
  private static double difference(float[] expected, Batch answer) {
    float[] actual = answer.tensor(0).toFloatArray();
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
    }
    assertThat(difference).isFinite();
    return difference / largest;
  }
}
