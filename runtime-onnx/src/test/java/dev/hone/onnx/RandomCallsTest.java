package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.Texts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random calls to real models through a batcher: each ends once, with the answer that it got alone
 * or because it was stopped. How many texts are sent in the slow ones, {@code hone.calls} says;
 * another {@code hone.storm.seed} asks other calls.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomCallsTest {
  private static final double TOLERANCE = 1e-4; // the batcher's, of an answer's largest number
  private static final double APART = 1e-2;
  private static final int LEARN = 40;
  private static final int CALLS = Integer.getInteger("hone.calls", 30_000);

  private final Random random = new Random(Long.getLong("hone.storm.seed", 1));

  @Test
  void rowsOfASmallNetworkGetTheAnswersTheyGetAlone() throws Exception {
    ask(Session.open(TwoLayers.inMemory()), rows(64), 10_000);
  }

  @Test
  void textsGetTheAnswersTheyGetAlone() throws Exception {
    ask(Session.open(MiniLm.model()), texts(32, 16), 256);
  }

  @Test
  @Tag("slow")
  void aMillionRowsOfASmallNetworkGetTheAnswersTheyGetAlone() throws Exception {
    ask(Session.open(TwoLayers.inMemory()), rows(256), 1_000_000);
  }

  @Test
  @Tag("slow")
  void veryManyTextsGetTheAnswersTheyGetAlone() throws Exception {
    ask(Session.open(MiniLm.model()), texts(128, 24), CALLS);
  }

  @Test
  @Tag("slow")
  void veryManyTextsInIntegersGetTheAnswersTheyGetAloneBitForBit() throws Exception {
    List<Batch> examples =
        MiniLm.tokenize(Texts.make(2 * LEARN)).stream().map(MiniLm::batch).toList();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(examples.subList(0, LEARN))
            .checks(examples.subList(LEARN, 2 * LEARN))
            .build();
    Model small = Quantizer.quantize(MiniLm.model(), options).model();
    examples.forEach(Batch::close);
    RandomCalls.Tally tally = ask(Session.open(small), texts(128, 24), CALLS);
    assertThat(tally.near()).as("answers with other bits").isZero();
  }

  private RandomCalls.Tally ask(Session session, List<Batch> requests, int count) throws Exception {
    RandomCalls calls = new RandomCalls(session, requests, random.nextInt(1_000_000));
    BatchPolicy policy =
        BatchPolicy.builder().warmUp(Duration.ofMillis(100)).evenIfItDoesNotPay().build();
    RandomCalls.Tally tally;
    try (Batcher batcher = Batcher.over(session, policy)) {
      assertThat(batcher.isBatching()).isTrue();
      calls.requireDistinct(APART);
      tally = calls.ask(batcher, count);
      RandomCalls.requireLedger(batcher.stats(), tally);
      assertThat(batcher.stats().batches().rows().mean()).as("rows in a batch").isGreaterThan(1);
    } finally {
      requests.forEach(Batch::close);
    }
    System.out.println(tally);
    assertThat(tally.calls()).isGreaterThanOrEqualTo(count);
    assertThat(tally.worst()).isLessThanOrEqualTo(TOLERANCE);
    assertThat(tally.answered()).isGreaterThan(tally.calls() * 3 / 4);
    assertThat(tally.others().getOrDefault(Outcome.CANCELLED, 0L)).isPositive();
    return tally;
  }

  /** Requests of one to four rows. */
  private List<Batch> rows(int count) {
    List<Batch> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] values = new float[(1 + random.nextInt(4)) * TwoLayers.WIDTH];
      for (int v = 0; v < values.length; v++) {
        values[v] = (float) random.nextGaussian();
      }
      requests.add(
          Batch.of("x", Tensor.of(values, values.length / TwoLayers.WIDTH, TwoLayers.WIDTH)));
    }
    return requests;
  }

  /** Requests of one text, or sometimes of two or three; texts are words at random. */
  private List<Batch> texts(int count, int longest) {
    List<Batch> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long[][] ids = new long[random.nextInt(5) == 0 ? 2 + random.nextInt(2) : 1][];
      long[][] mask = new long[ids.length][];
      for (int row = 0; row < ids.length; row++) {
        ids[row] = random.longs(4 + random.nextInt(longest - 3), 1_000, 30_000).toArray();
        mask[row] = new long[ids[row].length];
        Arrays.fill(mask[row], 1);
      }
      long[][] padded = Batch.pad(ids, 0);
      requests.add(
          Batch.of(
              "input_ids",
              Tensor.of(padded),
              "attention_mask",
              Tensor.of(Batch.pad(mask, 0)),
              "token_type_ids",
              Tensor.of(new long[padded.length][padded[0].length])));
    }
    return requests;
  }
}
