package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Calls that few make, and that get what they would get without a batcher. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OddCallsTest {
  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().warmUp(Duration.ofMillis(20)).lanes(1);
  }

  /** Adds up each row's ids and all weights; names no dimension. */
  private static PlainSession withoutNames() {
    Dimension any = Dimension.unknown();
    return new PlainSession(
        List.of(
            Value.tensor("ids", DataType.INT64, any, any),
            Value.tensor("attention_mask", DataType.INT64, any, any),
            Value.tensor("weights", DataType.INT64, any, any)),
        List.of(Value.tensor("sum", DataType.FLOAT32, any)),
        in -> {
          long[] ids = in.get("ids").toLongArray();
          long[] mask = in.get("attention_mask").toLongArray();
          float[] sums = new float[(int) in.get("ids").shape().rows()];
          for (int i = 0; i < ids.length; i++) {
            sums[i / (ids.length / sums.length)] += ids[i] * mask[i];
          }
          long[] weights = in.get("weights").toLongArray();
          for (int i = 0; i < weights.length; i++) { // of one row for all, or of each its own
            int own = weights.length / (int) in.get("weights").shape().rows();
            sums[Math.min(sums.length - 1, i / own)] += weights[i];
          }
          return Batch.of("sum", Tensor.of(sums));
        });
  }

  private static Batch input(long[][] ids, long[][] weights) {
    long[][] mask = new long[ids.length][ids[0].length];
    for (long[] row : mask) {
      Arrays.fill(row, 1);
    }
    return Batch.of(
        "ids", Tensor.of(ids), "attention_mask", Tensor.of(mask), "weights", Tensor.of(weights));
  }

  @Test
  void inputsOfWhichTheModelDoesNotSayThatTheyAgreeNeedNot() {
    PlainSession alone = withoutNames();
    try (Batcher batcher = Batcher.over(withoutNames(), policy().build());
        Batch otherLength = input(new long[][] {{1, 2, 3}}, new long[][] {{40}});
        Batch otherRows = input(new long[][] {{1, 2}, {3, 4}}, new long[][] {{50, 60}})) {
      assertThat(batcher.isBatching()).isTrue();
      for (Batch in : List.of(otherLength, otherRows)) {
        try (Batch expected = alone.run(in);
            Batch answer = batcher.run(in);
            Batch later = batcher.runAsync(in).join()) {
          float[] sums = expected.get("sum").toFloatArray();
          assertThat(answer.get("sum").toFloatArray()).isEqualTo(sums);
          assertThat(later.get("sum").toFloatArray()).isEqualTo(sums);
        }
      }
    }
  }

  @Test
  void targetsThatCannotBeWrittenAreRefusedBeforeAnythingRuns() {
    ToySession toy = new ToySession();
    BatchPolicy policy = policy().maxRows(2).build();
    ByteBuffer bytes = ByteBuffer.allocateDirect(3 * 2 * Float.BYTES).asReadOnlyBuffer();
    bytes.order(ByteOrder.nativeOrder());
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {1}, new long[] {2}, new long[] {3});
        Batch out = Batch.of("pooled", Tensor.wrap(DataType.FLOAT32, Shape.of(3, 2), bytes))) {
      toy.runs.set(0);
      assertThatThrownBy(() -> batcher.run(in, out)) // more rows than a batch has: it must queue
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'pooled'", "read-only");
      assertThat(toy.runs).hasValue(0);
    }
  }
}
