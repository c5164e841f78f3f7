package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Where it is not easy to find out whether rows may share a batch. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProbeTest {
  private static final Dimension ROWS = Dimension.of("batch");
  private static final Dimension LENGTH = Dimension.of("sequence");

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().warmUp(Duration.ofMillis(20));
  }

  private static String noteOf(Batcher batcher) {
    return String.join("\n", batcher.report().notes());
  }

  /** Rounds all ids to one scale, that of the largest in the whole batch, and adds up each row. */
  private static PlainSession withScaleOfBatch() {
    return new PlainSession(
        List.of(
            Value.tensor("input_ids", DataType.INT64, ROWS, LENGTH),
            Value.tensor("attention_mask", DataType.INT64, ROWS, LENGTH)),
        List.of(Value.tensor("sum", DataType.FLOAT32, ROWS)),
        in -> {
          long[] ids = in.get("input_ids").toLongArray();
          int length = (int) in.get("input_ids").shape().length(1);
          float[] sums = new float[ids.length / length];
          long most = 1;
          for (long id : ids) {
            most = Math.max(most, id);
          }
          float scale = most / 127f;
          for (int i = 0; i < ids.length; i++) {
            sums[i / length] += Math.round(ids[i] / scale) * scale;
          }
          return Batch.of("sum", Tensor.of(sums));
        });
  }

  @Test
  void oneSampleIsEnoughToFindAScaleOverTheWholeBatch() {
    try (Batch sample = ToySession.input(new long[] {5, 100, 7, 13, 17, 40, 11, 90});
        Batcher batcher = Batcher.over(withScaleOfBatch(), policy().samples(sample).build())) {
      assertThat(batcher.isBatching()).as(noteOf(batcher)).isFalse();
      assertThat(noteOf(batcher)).contains("rows change each other's results");
    }
  }

  @Test
  void samplesOfWhichLittleIsContentMayBePadded() {
    long[] few = {5, 100, 7, 13};
    try (Batch samples = ToySession.input(few, new long[64]);
        Batcher batcher = Batcher.over(new ToySession(), policy().samples(samples).build())) {
      assertThat(noteOf(batcher)).contains("padding changes nothing");
    }
  }

  @Test
  void rowsThatAreAllAlikeTellNothing() {
    PlainSession session =
        new PlainSession(
            List.of(Value.tensor("x", DataType.BOOL, ROWS, Dimension.of(8))),
            List.of(Value.tensor("y", DataType.FLOAT32, ROWS)),
            in -> {
              float[] y = new float[(int) in.rows()];
              float ofAll = 0;
              for (byte one : in.get("x").toByteArray()) {
                ofAll += one;
              }
              Arrays.fill(y, ofAll);
              return Batch.of("y", Tensor.of(y));
            });
    try (Batcher batcher = Batcher.over(session, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("all alike", "give other BatchPolicy.samples");
    }
  }

  @Test
  void resultsWithoutNumbersTellNothing() {
    PlainSession session =
        PlainSession.ofRows(
            64,
            x -> {
              float[] y = x.clone();
              float ofAll = 0;
              for (float one : x) {
                ofAll += (float) Math.sqrt(one);
              }
              for (int i = 0; i < y.length; i++) {
                y[i] *= ofAll;
              }
              return y;
            });
    try (Batcher batcher = Batcher.over(session, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("'y' has no finite number", "BatchPolicy.samples");
    }
  }

  @Test
  void aToleranceOfZeroAsksForTheSameBits() {
    PlainSession session =
        PlainSession.ofRows(
            4,
            x -> {
              float[] y = x.clone();
              for (int i = 0; i < y.length; i++) {
                y[i] *= 1 + 1e-6f * x.length;
              }
              return y;
            });
    try (Batcher usual = Batcher.over(session, policy().build());
        Batcher strict = Batcher.over(session, policy().tolerance(0).build())) {
      assertThat(usual.isBatching()).isTrue();
      assertThat(strict.isBatching()).isFalse();
      assertThat(noteOf(strict)).contains("more than the tolerance of 0.0");
    }
  }

  @Test
  void aModelOfShortRowsOpensAndPadsThem() {
    try (Batcher batcher = Batcher.over(taking(1000, 12), policy().build())) {
      assertThat(noteOf(batcher)).contains("padding changes nothing");
    }
  }

  @Test
  void aModelThatTakesFewRowsOpens() {
    try (Batcher six = Batcher.over(taking(6, 1000), policy().build());
        Batcher ten = Batcher.over(taking(10, 1000), policy().build())) {
      assertThat(six.isBatching()).isFalse();
      assertThat(noteOf(six)).contains("does not take 8 rows at once (Too large: [8, 9])");
      assertThat(ten.toString()).contains("batched up to 4 rows"); // that were measured
    }
  }

  private static ToySession taking(int rows, int length) {
    ToySession toy = new ToySession();
    toy.fault =
        (in, options) -> {
          Shape shape = in.get("input_ids").shape();
          if (shape.rows() > rows || shape.length(1) > length) {
            throw new HoneException("Too large: " + shape);
          }
        };
    return toy;
  }

  @Test
  void largeRowsAreMadeUpWithLittleHeap() {
    PlainSession session =
        new PlainSession(
            List.of(Value.tensor("x", DataType.UINT8, ROWS, Dimension.of(200_000))),
            List.of(Value.tensor("y", DataType.FLOAT32, ROWS)),
            in -> Batch.of("y", Tensor.of(new float[(int) in.rows()])));
    try (Batcher batcher =
        Batcher.over(session, BatchPolicy.builder().evenIfItDoesNotPay().build())) {
      assertThat(batcher.toString()).contains("batched up to");
    }
  }

  @Test
  void tokensOfRowsThatAreNotPaddedKeepTheirBudgetToo() {
    ToySession toy = new ToySession(ToySession.Trait.IGNORES_MASK);
    BatchPolicy tokens = policy().lanes(1).maxRows(64).maxTokens(64).build();
    Semaphore runs = new Semaphore(0);
    List<CompletableFuture<Batch>> answers = new ArrayList<>();
    try (Batcher batcher = Batcher.over(toy, tokens);
        Batch in = ToySession.input(new long[32])) {
      assertThat(noteOf(batcher)).contains("only rows of one length").doesNotContain("maxTokens");
      toy.fault = (inputs, options) -> runs.acquireUninterruptibly();
      toy.largestRun.set(0);
      answers.add(batcher.runAsync(in));
      while (toy.underWay.get() == 0) {
        Thread.onSpinWait();
      }
      for (int i = 0; i < 8; i++) {
        answers.add(batcher.runAsync(in));
      }
      runs.release(9);
      answers.forEach(answer -> answer.join().close());
      assertThat(toy.largestRun).hasValue(2);
    }
  }

  @Test
  void aBudgetOfTokensWhereRowsHaveNoLengthIsTold() {
    ToySession toy = new ToySession(ToySession.Trait.NO_MASK);
    try (Batcher batcher = Batcher.over(toy, policy().maxTokens(64).build())) {
      assertThat(noteOf(batcher)).contains("maxTokens counts rows", "lengthAxis");
    }
  }
}
