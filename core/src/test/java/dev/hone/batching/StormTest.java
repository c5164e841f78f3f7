package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.batching.BatchPolicy.Overload;
import dev.hone.batching.ToySession.Trait;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Very many random calls from several threads, while everything that can go wrong does: under one
 * policy, and under many that are drawn from a seed, too.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 600, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StormTest {
  private static final int LANES = 2;

  /** Another seed is another storm. */
  private final long seed = Long.getLong("hone.storm.seed", 1);

  private final ToySession toy = new ToySession();

  @Test
  void everyCallEndsOnceAndRight() throws InterruptedException {
    storm(20_000);
  }

  @Test
  @Tag("slow")
  void aMillionCallsEndOnceAndRight() throws InterruptedException {
    storm(1_000_000);
  }

  @Test
  void everyCallEndsOnceAndRightWhateverThePolicy() throws InterruptedException {
    storms(30);
  }

  @Test
  @Tag("slow")
  void soItDoesUnderAThousandPolicies() throws InterruptedException {
    storms(1_000);
  }

  private void storm(int calls) throws InterruptedException {
    Batcher batcher =
        Batcher.over(
            toy,
            BatchPolicy.builder()
                .evenIfItDoesNotPay()
                .lanes(LANES)
                .maxRows(32)
                .warmUp(Duration.ofMillis(50))
                .tenantShare("tenant1", 2)
                .build());
    Storm storm = new Storm(seed, batcher, LANES, toy);
    long all = storm.blow(calls, Integer.MAX_VALUE);
    assertThat(storm.answered.get()).isGreaterThan(all * 8 / 10);
    assertThat(storm.poisoned.get()).isPositive();
    assertThat(storm.stopped.get()).isPositive();
    assertThat(toy.underWay).hasValue(0);
  }

  private void storms(int policies) throws InterruptedException {
    for (int i = 0; i < policies; i++) {
      long number = seed * 10_000 + i;
      Random random = new Random(number);
      BatchPolicy policy = policy(random);
      boolean mayShare = random.nextInt(4) > 0;
      ToySession shared = mayShare ? new ToySession() : new ToySession(Trait.ROWLESS_OUTPUT);
      ToySession lone = new ToySession();
      // Where it need not pay any time will do, and where it must, a millisecond pays.
      long runNanos = policy.always ? 1_000L << random.nextInt(16) : 1_000_000;
      Opening opening = Opening.of(shared, policy, ToySession.costs(runNanos));
      boolean hasLone = random.nextInt(3) == 0;
      opening.lone = hasLone ? lone : null;
      Plan plan = opening.plan == null ? opening.planOfLoneCalls(policy) : opening.plan;
      int lanes = plan.lanes();
      Storm storm = new Storm(number, Batcher.owning(opening, policy), lanes, shared, lone);
      int closesAfter = random.nextInt(3) == 0 ? random.nextInt(100) : Integer.MAX_VALUE;
      try {
        storm.blow(800, closesAfter);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("Storm " + number + " with the policy " + policy, e);
      }
      assertThat(shared.isClosed()).isTrue();
      assertThat(lone.isClosed()).isEqualTo(hasLone);
      lone.close();
    }
  }

  /** A policy that takes calls of up to forty tokens. */
  private static BatchPolicy policy(Random random) {
    int maxRows = 1 + random.nextInt(1 << random.nextInt(7));
    BatchPolicy.Builder builder = BatchPolicy.builder().warmUp(Duration.ofMillis(5));
    builder.maxRows(maxRows);
    if (random.nextInt(4) > 0) {
      builder.evenIfItDoesNotPay().lanes(1 + random.nextInt(4));
    } else if (random.nextBoolean()) {
      builder.evenIfItDoesNotPay();
    }
    if (random.nextInt(3) == 0) {
      builder.maxTokens(64 + random.nextInt(500)).maxBatchBytes(4_000 + random.nextInt(40_000));
    }
    if (random.nextInt(3) == 0) {
      builder.latencyTarget(Duration.ofMillis(3L << random.nextInt(6)));
    }
    if (random.nextInt(3) == 0 && maxRows > 1) {
      builder.linger(Duration.ofNanos(1 + random.nextInt(2_000_000)));
    }
    if (random.nextInt(4) == 0) {
      builder.callbacksOn(Runnable::run);
    }
    if (random.nextInt(4) == 0) {
      return builder.build(); // says nothing of the queue: blocking calls may go by themselves
    }
    builder.maxQueueRows(maxRows + (long) random.nextInt(200));
    if (random.nextInt(4) == 0) {
      builder.maxQueueDelay(Duration.ofNanos(1 + random.nextInt(20_000_000)));
    }
    switch (random.nextInt(3)) {
      case 0 -> builder.blockWhenOverloaded(Duration.ofNanos(1 + random.nextInt(5_000_000)));
      case 1 -> builder.whenOverloaded(Overload.SHED_OLDEST);
      default -> builder.whenOverloaded(Overload.REJECT);
    }
    return builder.tenantShare("tenant1", 0.25 + random.nextInt(4)).build();
  }
}
