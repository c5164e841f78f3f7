package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class OpenLoopTest {
  private static final long MILLISECOND = 1_000_000;
  private static final CompletableFuture<?> DONE = CompletableFuture.completedFuture(null);

  private static long[] every(long micros, int count) {
    long[] due = new long[count];
    Arrays.setAll(due, i -> i * micros * 1_000);
    return due;
  }

  /** Time that passes only when somebody waits, and a server that answers one after the other. */
  private static final class SlowServer implements OpenLoop.Time {
    private final Map<CompletableFuture<?>, Long> underWay = new LinkedHashMap<>();
    private long now;
    private long free;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public void waitUntil(long nanos) {
      underWay
          .entrySet()
          .removeIf(
              entry -> {
                boolean isDone = entry.getValue() <= nanos;
                if (isDone) {
                  now = Math.max(now, entry.getValue());
                  entry.getKey().complete(null);
                }
                return isDone;
              });
      now = Math.max(now, nanos);
    }

    CompletableFuture<?> answerIn(long millis) {
      free = Math.max(free, now) + millis * MILLISECOND;
      CompletableFuture<?> answer = new CompletableFuture<>();
      if (free <= now) {
        return DONE;
      }
      underWay.put(answer, free);
      return answer;
    }
  }

  @Test
  void aServerThatStandsStillDelaysAllThatComeMeanwhile() {
    SlowServer server = new SlowServer();
    OpenLoop.Result result =
        OpenLoop.run(every(1_000, 300), i -> server.answerIn(i == 100 ? 100 : 0), 1_000, server);
    // A client that waits for each answer would see one slow call of 300, and a low p99.
    // Here they wait 100 ms, 99 ms and so on down to 1 ms: all but three of the 300 at most 97 ms.
    assertThat(result.p99Millis()).isCloseTo(97, within(0.2));
    assertThat(result.lagMillis()).isZero();
    assertThat(result.isVoid()).isFalse();
  }

  @Test
  void aGeneratorThatFallsBehindVoidsTheRun() {
    SlowServer server = new SlowServer();
    OpenLoop.Result result =
        OpenLoop.run(
            every(100, 50),
            i -> {
              server.now += MILLISECOND; // a send that blocks
              return DONE;
            },
            100,
            server);
    assertThat(result.isVoid()).isTrue();
    assertThat(result.meets(100)).isFalse();
  }

  @Test
  void requestsThatFailAreCountedAndMissTheLimit() {
    OpenLoop.Result result =
        OpenLoop.run(
            every(100, 10),
            i -> i == 3 ? CompletableFuture.failedFuture(new IllegalStateException("full")) : DONE,
            100,
            new SlowServer());
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.tookNanos()).hasSize(10).containsOnlyOnce(OpenLoop.FAILED);
    assertThat(result.tookNanos()[3]).isEqualTo(OpenLoop.FAILED);
    assertThat(result.isVoid()).isFalse();
    assertThat(result.meets(100)).isFalse();
  }

  @Test
  void requestsAreSentWhenTheyAreDue() {
    long start = System.nanoTime();
    List<Long> sent = new ArrayList<>();
    OpenLoop.run(
        every(1_000, 20),
        i -> {
          sent.add(System.nanoTime() - start);
          return DONE;
        },
        100);
    for (int i = 0; i < 20; i++) {
      assertThat(sent.get(i)).isGreaterThanOrEqualTo(i * MILLISECOND);
    }
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

    long[] rising = Arrivals.ramp(500, 1_500, 100, 1);
    assertThat(rising).isSorted();
    assertThat((double) rising.length).isCloseTo(100_000, within(1_500.0));
    long early = Arrays.stream(rising).filter(time -> time < 50e9).count();
    assertThat((double) early).isCloseTo(37_500, within(1_000.0));

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
