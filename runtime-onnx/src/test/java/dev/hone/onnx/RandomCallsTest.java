package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.SessionStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random calls to small models through a batcher: each ends once, with the answer that it got alone
 * or because it was stopped. Another {@code hone.storm.seed} asks other calls.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomCallsTest {
  private static final int SOME = 10_000;
  private static final int MILLION = 1_000_000;
  private static final int SMALL_BATCH = 3;

  private final Random random = new Random(Long.getLong("hone.storm.seed", 1));

  private static BatchPolicy.Builder always() {
    return BatchPolicy.builder().warmUp(Duration.ofMillis(100)).evenIfItDoesNotPay();
  }

  @Test
  void rowsGetTheAnswersTheyGetAlone() throws Exception {
    ask(TwoLayers.inMemory(), always().build(), rows(64), SOME);
  }

  @Test
  void shortTextsGetTheAnswersTheyGetAlone() throws Exception {
    ask(TokenMeans.inMemory(), always().build(), texts(64, 4), SOME);
  }

  @Test
  void shortTextsInIntegersGetTheAnswersTheyGetAlone() throws Exception {
    ask(TokenMeans.inIntegers(), always().build(), texts(64, 4), SOME);
  }

  @Test
  void callsLargerThanABatchGetTheAnswersTheyGetAlone() throws Exception {
    askMoreThanABatch(TokenMeans.inMemory(), 64, SOME);
  }

  @Test
  void callsGetTheAnswersTheyGetAloneWhereAllIsChosenAutomatically() throws Exception {
    askAutomatic(TokenMeans.inMemory(), SOME);
  }

  @Test
  @Tag("slow")
  void aMillionRowsGetTheAnswersTheyGetAlone() throws Exception {
    ask(TwoLayers.inMemory(), always().build(), rows(256), MILLION);
  }

  @Test
  @Tag("slow")
  void aMillionShortTextsGetTheAnswersTheyGetAlone() throws Exception {
    ask(TokenMeans.inMemory(), always().build(), texts(256, 4), MILLION);
  }

  @Test
  @Tag("slow")
  void aMillionShortTextsInIntegersGetTheAnswersTheyGetAlone() throws Exception {
    ask(TokenMeans.inIntegers(), always().build(), texts(256, 4), MILLION);
  }

  @Test
  @Tag("slow")
  void veryManyCallsLargerThanABatchGetTheAnswersTheyGetAlone() throws Exception {
    askMoreThanABatch(TokenMeans.inMemory(), 256, MILLION / 10);
    askMoreThanABatch(TokenMeans.inIntegers(), 256, MILLION / 10);
  }

  @Test
  @Tag("slow")
  void veryManyCallsGetTheAnswersTheyGetAloneWhereAllIsChosenAutomatically() throws Exception {
    askAutomatic(TokenMeans.inMemory(), MILLION / 2);
    askAutomatic(TokenMeans.inIntegers(), MILLION / 2);
  }

  /** Calls of up to ten rows, in batches of three. */
  private void askMoreThanABatch(Model model, int requests, int count) throws Exception {
    BatchPolicy small = always().maxRows(SMALL_BATCH).build();
    SessionStats stats = ask(model, small, texts(requests, 10), count);
    assertThat(stats.batches().rows().max()).isEqualTo(SMALL_BATCH);
  }

  private SessionStats ask(Model model, BatchPolicy policy, List<Batch> requests, int count)
      throws Exception {
    Session session = Session.open(model);
    RandomCalls calls = new RandomCalls(session, requests, random.nextInt(1_000_000));
    try (Batcher batcher = Batcher.over(session, policy)) {
      assertThat(batcher.isBatching()).isTrue();
      calls.ask(batcher, count);
      assertThat(batcher.stats().batches().rows().mean()).as("rows in a batch").isGreaterThan(1);
      return batcher.stats();
    } finally {
      requests.forEach(Batch::close);
    }
  }

  /** Some calls share batches, and some run in their callers' threads, as measured meanwhile. */
  private void askAutomatic(Model model, int count) throws Exception {
    List<Batch> requests = texts(64, 4);
    try (Session alone = Session.open(model)) {
      RandomCalls calls = new RandomCalls(alone, requests, random.nextInt(1_000_000));
      try (Batcher batcher = Batcher.open(model, SessionOptions.DEFAULT, BatchPolicy.automatic())) {
        calls.ask(batcher, count);
      }
    } finally {
      requests.forEach(Batch::close);
    }
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

  private List<Batch> texts(int count, int mostRows) {
    return TokenMeans.requests(count, mostRows, random);
  }
}
