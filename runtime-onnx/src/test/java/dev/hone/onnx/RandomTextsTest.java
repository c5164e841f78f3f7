package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.Texts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random calls to a sentence transformer through a batcher: each ends once, with the answer that it
 * got alone or because it was stopped. How many texts are sent in the slow ones, {@code hone.calls}
 * says, which may be a million; another {@code hone.storm.seed} asks other calls.
 */
@ExtendWith(NoLeaks.class)
class RandomTextsTest {
  private static final int LEARN = 40;
  private static final int SOME = 256;
  private static final int CALLS = Integer.getInteger("hone.calls", 2_000);
  private static final long PATIENCE_MILLIS_A_CALL = 200; // it hangs if they take more

  private final Random random = new Random(Long.getLong("hone.storm.seed", 1));

  @Test
  void textsGetTheAnswersTheyGetAlone() throws Exception {
    ask(MiniLm.model(), texts(32, 16), SOME);
  }

  @Test
  @Tag("slow")
  void veryManyTextsGetTheAnswersTheyGetAlone() throws Exception {
    ask(MiniLm.model(), texts(128, 24), CALLS);
  }

  @Test
  @Tag("slow")
  void veryManyTextsInIntegersGetTheAnswersTheyGetAloneBitForBit() throws Exception {
    CallTally tally = ask(inIntegers(), texts(128, 24), CALLS);
    assertThat(tally.near()).as("answers with other bits").isZero();
  }

  @Test
  @Tag("slow")
  void veryManyTextsGetTheAnswersTheyGetAloneWhereAllIsChosenAutomatically() throws Exception {
    List<Batch> requests = texts(128, 24);
    try (Session alone = Session.open(MiniLm.model());
        Batcher batcher =
            Batcher.open(MiniLm.model(), SessionOptions.DEFAULT, BatchPolicy.automatic())) {
      ask(new RandomCalls(alone, requests, seed()), batcher, CALLS);
    } finally {
      requests.forEach(Batch::close);
    }
  }

  private int seed() {
    return random.nextInt(1_000_000);
  }

  private static Model inIntegers() {
    List<Batch> examples =
        MiniLm.tokenize(Texts.make(2 * LEARN)).stream().map(MiniLm::batch).toList();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(examples.subList(0, LEARN))
            .checks(examples.subList(LEARN, 2 * LEARN))
            .build();
    try {
      return Quantizer.quantize(MiniLm.model(), options).model();
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private CallTally ask(Model model, List<Batch> requests, int count) throws Exception {
    Session session = Session.open(model);
    RandomCalls calls = new RandomCalls(session, requests, seed());
    BatchPolicy policy =
        BatchPolicy.builder().warmUp(Duration.ofMillis(100)).evenIfItDoesNotPay().build();
    try (Batcher batcher = Batcher.over(session, policy)) {
      assertThat(batcher.isBatching()).isTrue();
      CallTally tally = ask(calls, batcher, count);
      assertThat(batcher.stats().batches().rows().mean()).as("rows in a batch").isGreaterThan(1);
      return tally;
    } finally {
      requests.forEach(Batch::close);
    }
  }

  private static CallTally ask(RandomCalls calls, Batcher batcher, int count) {
    Duration patience = Duration.ofMinutes(10).plusMillis(PATIENCE_MILLIS_A_CALL * count);
    return assertTimeoutPreemptively(patience, () -> calls.ask(batcher, count));
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
