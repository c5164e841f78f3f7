package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class BatchPolicyTest {
  private static void refused(ThrowingCallable building, String... words) {
    assertThatThrownBy(building)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void aValueOutOfRangeIsRefusedWithTheRange() {
    BatchPolicy.Builder builder = BatchPolicy.builder();
    refused(() -> builder.maxRows(0), "1 to 4096 rows", "is 0");
    refused(() -> builder.maxRows(5000), "1 to 4096 rows", "is 5000");
    refused(() -> builder.lanes(65), "1 to 64", "is 65");
    refused(() -> builder.maxTokens(0), "maxTokens must be at least 1", "is 0");
    refused(() -> builder.maxBatchBytes(-1), "maxBatchBytes", "is -1");
    refused(() -> builder.maxQueueRows(0), "maxQueueRows must be at least 1", "is 0");
    refused(() -> builder.maxQueueBytes(0), "maxQueueBytes", "is 0");
    refused(() -> builder.maxQueueDelay(Duration.ZERO), "maxQueueDelay", "more than zero");
    refused(() -> builder.latencyTarget(Duration.ofMillis(-1)), "latencyTarget", "PT-0.001S");
    refused(() -> builder.linger(Duration.ofMillis(-1)), "must not be negative");
    refused(() -> builder.tolerance(1.5), "below 1", "1.5");
    refused(() -> builder.tolerance(Double.NaN), "at least 0", "NaN");
    refused(() -> builder.tenantShare("a", 0), "'a'", "above 0");
    try (Batch empty = Batch.of("x", Tensor.of(new long[0], 0, 4))) {
      refused(() -> builder.samples(empty), "a row at least", "x=INT64[0, 4]");
    }
  }

  @Test
  void aVeryLongTimeIsAsGoodAsForEver() {
    Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
    assertThatCode(() -> BatchPolicy.builder().linger(ages).maxQueueDelay(ages).build())
        .doesNotThrowAnyException();
  }

  @Test
  void contradictionsNameBothSides() {
    refused(
        () -> BatchPolicy.builder().maxRows(64).maxTokens(32).build(),
        "maxRows is 64 but maxTokens is 32",
        "Change one of the two");
    refused(
        () -> BatchPolicy.builder().maxRows(64).maxQueueRows(8).build(),
        "maxRows is 64 but maxQueueRows is 8",
        "must fit the queue");
    refused(
        () ->
            BatchPolicy.builder()
                .linger(Duration.ofMillis(20))
                .latencyTarget(Duration.ofMillis(10))
                .build(),
        "linger is PT0.02S but latencyTarget is PT0.01S");
    refused(
        () ->
            BatchPolicy.builder()
                .tolerance(0.1)
                .whenRowsInteract(BatchPolicy.Interaction.ACCEPT)
                .build(),
        "tolerance is 0.1 but whenRowsInteract is ACCEPT");
  }

  @Test
  void aFullBatchMustFitItsBytesAndTheQueue() {
    refused(
        () -> BatchPolicy.builder().maxRows(64).maxBatchBytes(32).build(),
        "maxRows is 64 but maxBatchBytes is 32");
    refused(
        () -> BatchPolicy.builder().maxRows(64).maxQueueBytes(32).build(),
        "maxRows is 64 but maxQueueBytes is 32",
        "must fit the queue");
  }

  @Test
  void whereNoSecondRowCanComeNobodyLingers() {
    Duration linger = Duration.ofMillis(20);
    refused(
        () -> BatchPolicy.builder().linger(linger).maxRows(1).build(),
        "linger is PT0.02S but maxRows is 1",
        "no second row");
    refused(
        () -> BatchPolicy.builder().linger(linger).maxTokens(1).build(),
        "linger is PT0.02S but maxTokens is 1");
    refused(
        () -> BatchPolicy.builder().linger(linger).maxQueueRows(1).build(),
        "linger is PT0.02S but maxQueueRows is 1");
  }

  @Test
  void theMaskIsPaddedWithWhatSaysThatThereIsNothing() {
    refused(
        () -> BatchPolicy.builder().mask("seen").padding("seen", 1).build(),
        "mask is seen but its padding is 1",
        "0 says");
    assertThatCode(() -> BatchPolicy.builder().mask("seen").padding("seen", 0).build())
        .doesNotThrowAnyException();
  }

  @Test
  void blockingNeedsATime() {
    refused(
        () -> BatchPolicy.builder().whenOverloaded(BatchPolicy.Overload.BLOCK),
        "blockWhenOverloaded(Duration)");
    assertThatCode(() -> BatchPolicy.builder().blockWhenOverloaded(Duration.ofSeconds(1)).build())
        .doesNotThrowAnyException();
  }

  @Test
  void aPolicySaysWhatDiffersFromTheUsual() {
    assertThat(BatchPolicy.automatic()).hasToString("automatic");
    assertThat(BatchPolicy.builder().maxQueueRows(16_384).build()).hasToString("with a queue");
    BatchPolicy policy =
        BatchPolicy.builder()
            .maxRows(32)
            .linger(Duration.ofMillis(1))
            .blockWhenOverloaded(Duration.ofSeconds(2))
            .tenantShare("b", 2)
            .tenantShare("a", 3)
            .callbacksOn(Runnable::run)
            .mask("seen")
            .build();
    assertThat(policy)
        .hasToString(
            "maxRows 32, linger PT0.001S, blockWhenOverloaded PT2S, tenantShare {a=3.0, b=2.0},"
                + " with an executor for callbacks, mask seen");
  }
}
