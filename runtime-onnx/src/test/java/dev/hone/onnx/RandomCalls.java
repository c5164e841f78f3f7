package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Random calls from several threads to one session: of any of several requests, blocking or not,
 * for several tenants, of every priority, some with a deadline that may pass and some cancelled.
 * Each must end once, and an answer must be the one that its request got alone. What is asked
 * follows from a seed; how it interleaves does not.
 */
final class RandomCalls {
  private static final List<Priority> PRIORITIES = List.of(Priority.values());
  private static final int THREADS = 8;
  private static final int AT_ONCE = 16; // by each thread; the last one blocks
  private static final int FATES = 30;

  private final List<Batch> requests;
  private final List<float[]> alone;
  private final long seed;

  /**
   * Asks each request alone.
   *
   * @param requests stay the caller's, and open
   */
  RandomCalls(Session session, List<Batch> requests, long seed) {
    this.requests = requests;
    this.seed = seed;
    this.alone = new ArrayList<>();
    for (Batch request : requests) {
      try (Batch answer = session.run(request)) {
        alone.add(answer.tensor(0).toFloatArray());
      }
    }
  }

  /**
   * How many calls ended how.
   *
   * @param identical answers that are the expected ones, bit for bit
   * @param near answers that are not
   * @param worst the largest difference of an answer, as a part of its largest number
   */
  record Tally(long identical, long near, double worst, Map<Outcome, Long> others) {
    static final Tally NONE = new Tally(0, 0, 0, Map.of());

    Tally plus(Tally other) {
      Map<Outcome, Long> sum = new TreeMap<>(others);
      other.others.forEach((outcome, count) -> sum.merge(outcome, count, Long::sum));
      return new Tally(
          identical + other.identical, near + other.near, Math.max(worst, other.worst), sum);
    }

    long answered() {
      return identical + near;
    }

    long calls() {
      return answered() + others.values().stream().mapToLong(n -> n).sum();
    }
  }

  /** Answers to different requests are further apart than this, or a swap could not be seen. */
  void requireDistinct(double difference) {
    for (int i = 0; i < alone.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (alone.get(i).length == alone.get(j).length) {
          assertThat(difference(alone.get(i), alone.get(j))).isGreaterThan(difference);
        }
      }
    }
  }

  /** Makes so many calls, or a few more. */
  Tally ask(Session session, int calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Tally>> running = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Random random = new Random(seed * THREADS + t);
        int rounds = (calls + THREADS * AT_ONCE - 1) / (THREADS * AT_ONCE);
        running.add(
            threads.submit(
                () -> {
                  Tally tally = Tally.NONE;
                  for (int round = 0; round < rounds; round++) {
                    tally = tally.plus(askSome(session, random));
                  }
                  return tally;
                }));
      }
      Tally all = Tally.NONE;
      for (Future<Tally> thread : running) {
        all = all.plus(thread.get());
      }
      return all;
    } finally {
      threads.shutdown();
    }
  }

  /** The session counted what its callers saw. */
  static void requireLedger(SessionStats stats, Tally tally) {
    assertThat(stats.calls()).isEqualTo(tally.calls());
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(tally.answered());
    assertThat(stats.count(Outcome.REJECTED))
        .isEqualTo(tally.others.getOrDefault(Outcome.REJECTED, 0L));
    assertThat(stats.count(Outcome.EXPIRED))
        .isEqualTo(tally.others.getOrDefault(Outcome.EXPIRED, 0L));
    assertThat(stats.count(Outcome.CANCELLED))
        .isEqualTo(tally.others.getOrDefault(Outcome.CANCELLED, 0L));
    assertThat(stats.now().queuedRows()).isZero();
  }

  private Tally askSome(Session session, Random random) {
    List<Call> calls = new ArrayList<>();
    for (int i = 1; i < AT_ONCE; i++) {
      calls.add(new Call(session, random));
    }
    calls.forEach(Call::stopIfSo);
    Tally tally = block(session, random);
    for (Call call : calls) {
      tally = tally.plus(call.end());
    }
    return tally;
  }

  private Tally block(Session session, Random random) {
    int request = random.nextInt(requests.size());
    try (Batch answer = session.run(requests.get(request), options(random))) {
      return compare(request, answer);
    } catch (RuntimeException e) {
      return unanswered(e);
    }
  }

  private static RunOptions options(Random random) {
    RunOptions options =
        RunOptions.DEFAULT
            .withTenant("tenant" + random.nextInt(4))
            .withPriority(PRIORITIES.get(random.nextInt(PRIORITIES.size())));
    return random.nextInt(FATES) == 0
        ? options.withTimeout(Duration.ofNanos(1 + random.nextInt(20_000_000)))
        : options;
  }

  /** One asynchronous call. */
  private final class Call {
    private final int request;
    private final int fate;
    private final Cancellation cancellation = new Cancellation();
    private final CompletableFuture<Batch> answer;

    Call(Session session, Random random) {
      request = random.nextInt(requests.size());
      fate = random.nextInt(FATES);
      RunOptions options = options(random);
      answer =
          session.runAsync(
              requests.get(request), fate == 0 ? options.withCancellation(cancellation) : options);
    }

    void stopIfSo() {
      if (fate == 0) {
        cancellation.cancel();
      } else if (fate == 1) {
        answer.cancel(true);
      }
    }

    Tally end() {
      try (Batch results = answer.join()) {
        return compare(request, results);
      } catch (RuntimeException e) {
        return unanswered(e);
      }
    }
  }

  private static Tally unanswered(RuntimeException thrown) {
    Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
    Outcome outcome;
    if (cause instanceof DeadlineException) {
      outcome = Outcome.EXPIRED;
    } else if (cause instanceof OverloadException) {
      outcome = Outcome.REJECTED;
    } else if (cause instanceof CancelledException || cause instanceof CancellationException) {
      outcome = Outcome.CANCELLED;
    } else {
      throw thrown;
    }
    return new Tally(0, 0, 0, Map.of(outcome, 1L));
  }

  private Tally compare(int request, Batch answer) {
    Tensor tensor = answer.tensor(0);
    float[] expected = alone.get(request);
    float[] actual = tensor.toFloatArray();
    if (Arrays.equals(expected, actual)) {
      return new Tally(1, 0, 0, Map.of());
    }
    return new Tally(0, 1, difference(expected, actual), Map.of());
  }

  /** The largest difference of two numbers, as a part of the largest number. */
  private static double difference(float[] expected, float[] actual) {
    if (expected.length != actual.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      double apart = Math.abs((double) expected[i] - actual[i]);
      difference = apart >= 0 ? Math.max(difference, apart) : Double.POSITIVE_INFINITY; // NaN
    }
    return difference / largest;
  }
}
