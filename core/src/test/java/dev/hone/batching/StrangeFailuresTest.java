package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sessions of languages without checked exceptions throw them undeclared. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StrangeFailuresTest {
  @Test
  void anUndeclaredExceptionFailsItsCallAndTheLaneGoesOn() {
    AtomicBoolean fails = new AtomicBoolean();
    PlainSession session =
        PlainSession.ofRows(
            1,
            x -> {
              if (fails.get()) {
                StrangeFailuresTest.<RuntimeException>fail(new IOException("No disk."));
              }
              return x;
            });
    BatchPolicy policy =
        BatchPolicy.builder().evenIfItDoesNotPay().warmUp(Duration.ofMillis(20)).lanes(1).build();
    try (Batcher batcher = Batcher.over(session, policy);
        Batch in = Batch.of("x", Tensor.of(new float[] {1}, 1, 1))) {
      fails.set(true);
      assertThatThrownBy(batcher.runAsync(in)::join).hasCauseInstanceOf(IOException.class);
      fails.set(false);
      try (Batch answer = batcher.runAsync(in).join()) {
        assertThat(answer.get("y").toFloatArray()).containsExactly(1);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> void fail(Exception undeclared) throws E {
    throw (E) undeclared;
  }
}
