package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OpenLoopTest {
  private static final CompletableFuture<?> DONE = CompletableFuture.completedFuture(null);

  private static long[] every(long micros, int count) {
    long[] due = new long[count];
    Arrays.setAll(due, i -> i * micros * 1_000);
    return due;
  }

  @Test
  void aServerThatStandsStillDelaysAllThatComeMeanwhile() throws Exception {
    ExecutorService server = Executors.newSingleThreadExecutor();
    OpenLoop.Result result =
        OpenLoop.run(
            every(1_000, 300),
            i -> CompletableFuture.runAsync(() -> standStill(i == 100 ? 100 : 0), server),
            1_000);
    server.shutdown();
    assertThat(server.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    // A client that waits for each answer would see one slow call of 300, and a low p99.
    assertThat(result.p99Millis()).isGreaterThan(60);
  }

  private static void standStill(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aGeneratorThatFallsBehindVoidsTheRun() {
    OpenLoop.Result result =
        OpenLoop.run(
            every(100, 50),
            i -> {
              standStill(1); // a send that blocks
              return DONE;
            },
            100);
    assertThat(result.isVoid()).isTrue();
    assertThat(result.meets(100)).isFalse();
  }

  @Test
  void requestsThatFailAreCountedAndMissTheLimit() {
    OpenLoop.Result result =
        OpenLoop.run(
            every(100, 10),
            i -> i == 3 ? CompletableFuture.failedFuture(new IllegalStateException("full")) : DONE,
            100_000);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.meets(100_000)).isFalse();
  }

  @Test
  void arrivalsHaveTheirRateAndTheirSpread() {
    long[] poisson = Arrivals.poisson(1_000, 100, 1);
    assertThat(poisson).isSorted().hasSize(100_000);
    assertThat(poisson[poisson.length - 1] / 1e9).isCloseTo(100, within(1.5));
    assertThat(spread(poisson)).isCloseTo(1, within(0.02));

    long[] bursts = Arrivals.bursts(1_000, 100, 1);
    assertThat(bursts).isSorted();
    assertThat(bursts[bursts.length - 1] / 1e9).isCloseTo(100, within(10.0));
    assertThat(spread(bursts)).isGreaterThan(1.2);

    assertThat(Arrivals.replayed(new long[] {0, 10, 1_000_000_000}, 6))
        .containsExactly(0, 5, 500_000_000);
  }

  /** Standard deviation of the gaps over their mean: 1 for a Poisson process. */
  private static double spread(long[] times) {
    double sum = 0;
    double squares = 0;
    for (int i = 1; i < times.length; i++) {
      double gap = times[i] - times[i - 1];
      sum += gap;
      squares += gap * gap;
    }
    int count = times.length - 1;
    return Math.sqrt(squares / count - sum / count * sum / count) / (sum / count);
  }
}
