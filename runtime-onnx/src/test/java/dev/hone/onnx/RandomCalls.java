package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.batching.Batcher;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Random calls from several threads to one session: of any of several requests, blocking or not,
 * for several tenants and for none, of every priority, some with a deadline that may pass and some
 * cancelled. Each must end once, and an answer must be the one that its request got alone. What is
 * asked follows from a seed; how it interleaves does not.
 */
final class RandomCalls {
  private static final double TOLERANCE = 1e-4; // the batcher's, of an answer's largest number
  private static final double APART = 1e-2;
  private static final List<Priority> PRIORITIES = List.of(Priority.values());
  private static final List<String> TENANTS = List.of("", "", "", "one", "two", "three", "four");
  private static final int CALLERS = 5 * PRIORITIES.size(); // by tenant, and by priority
  private static final int THREADS = 8;
  private static final int AT_ONCE = 16; // by each thread; the last one blocks
  private static final int FATES = 30;
  private static final int MANY = 10_000; // of which some must expire

  private final List<Batch> requests;
  private final List<Answer> alone = new ArrayList<>();
  private final long seed;

  /** What a request got alone. */
  private record Answer(List<String> names, List<Shape> shapes, List<float[]> values) {
    static Answer of(Batch batch) {
      List<Shape> shapes = new ArrayList<>();
      List<float[]> values = new ArrayList<>();
      for (int i = 0; i < batch.size(); i++) {
        shapes.add(batch.tensor(i).shape());
        values.add(batch.tensor(i).toFloatArray());
      }
      return new Answer(batch.names(), shapes, values);
    }

    Batch targets() {
      return Batch.of(
          names, shapes.stream().map(shape -> Tensor.allocate(DataType.FLOAT32, shape)).toList());
    }

    /** How far another one is away, at most; 0 if all bits are equal. */
    double difference(Answer other) {
      assertThat(other.shapes).isEqualTo(shapes);
      double worst = 0;
      for (int i = 0; i < values.size(); i++) {
        if (!Arrays.equals(values.get(i), other.values.get(i))) {
          double apart = RandomCalls.difference(values.get(i), other.values.get(i));
          worst = Math.max(worst, Math.max(Double.MIN_VALUE, apart));
        }
      }
      return worst;
    }
  }

  /**
   * Asks each request alone.
   *
   * @param requests stay the caller's, and open
   */
  RandomCalls(Session session, List<Batch> requests, long seed) {
    this.requests = requests;
    this.seed = seed;
    for (Batch request : requests) {
      try (Batch answer = session.run(request)) {
        alone.add(Answer.of(answer));
      }
    }
    requireDistinct();
  }

  /** Answers to different requests are far from each other, or a swap could not be seen. */
  private void requireDistinct() {
    for (int i = 0; i < alone.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (alone.get(i).shapes.equals(alone.get(j).shapes)) {
          assertThat(alone.get(i).difference(alone.get(j))).isGreaterThan(APART);
        }
      }
    }
  }

  /** Makes so many calls, or a few more, and requires that all ended well, some in each way. */
  CallTally ask(Batcher batcher, int calls) throws Exception {
    CallTally tally = askFromThreads(batcher, calls);
    System.out.println(tally);
    tally.requireIn(batcher.stats());
    assertThat(tally.calls()).isGreaterThanOrEqualTo(calls);
    assertThat(tally.worst()).isLessThanOrEqualTo(TOLERANCE);
    assertThat(tally.answered()).isGreaterThan(tally.calls() * 3 / 4);
    assertThat(tally.count(Outcome.CANCELLED)).as("cancelled").isPositive();
    if (calls >= MANY) {
      assertThat(tally.count(Outcome.EXPIRED)).as("expired").isPositive();
    }
    assertThat(tally.fewest(CALLERS)).as("answers of a tenant at a priority").isPositive();
    return tally;
  }

  private CallTally askFromThreads(Session session, int calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<CallTally>> running = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Random random = new Random(seed * THREADS + t);
        int rounds = (calls + THREADS * AT_ONCE - 1) / (THREADS * AT_ONCE);
        running.add(
            threads.submit(
                () -> {
                  CallTally tally = new CallTally();
                  for (int round = 0; round < rounds; round++) {
                    askSome(session, random, tally);
                  }
                  return tally;
                }));
      }
      CallTally all = new CallTally();
      for (Future<CallTally> thread : running) {
        all.add(thread.get());
      }
      return all;
    } finally {
      threads.shutdown();
    }
  }

  /** Some calls that are under way at once, or one after the other. */
  private void askSome(Session session, Random random, CallTally tally) {
    List<Call> calls = new ArrayList<>();
    boolean atOnce = random.nextInt(4) > 0;
    for (int i = 1; i < AT_ONCE; i++) {
      if (atOnce) {
        calls.add(new Call(session, random));
      } else {
        block(session, random, tally);
      }
    }
    calls.forEach(Call::stopIfSo);
    block(session, random, tally);
    calls.forEach(call -> call.end(tally));
  }

  private void block(Session session, Random random, CallTally tally) {
    int request = random.nextInt(requests.size());
    RunOptions options = options(random);
    boolean hasTargets = random.nextInt(4) == 0;
    try (Batch answer =
        hasTargets
            ? intoTargets(session, request, options)
            : session.run(requests.get(request), options)) {
      count(request, options, answer, tally);
    } catch (RuntimeException e) {
      tally.ended(outcome(e));
    }
  }

  private Batch intoTargets(Session session, int request, RunOptions options) {
    Batch targets = alone.get(request).targets();
    try {
      session.run(requests.get(request), targets, options);
      return targets;
    } catch (RuntimeException | Error e) {
      targets.close();
      throw e;
    }
  }

  private static RunOptions options(Random random) {
    RunOptions options =
        RunOptions.DEFAULT.withPriority(PRIORITIES.get(random.nextInt(PRIORITIES.size())));
    String tenant = TENANTS.get(random.nextInt(TENANTS.size()));
    options = tenant.isEmpty() ? options : options.withTenant(tenant);
    long timeout = 1L << random.nextInt(27); // up to 67 ms, and some are over before they begin
    return random.nextInt(FATES / 2) == 0
        ? options.withTimeout(Duration.ofNanos(timeout))
        : options;
  }

  /** One asynchronous call. */
  private final class Call {
    private final int request;
    private final int fate;
    private final RunOptions options;
    private final Cancellation cancellation = new Cancellation();
    private final CompletableFuture<Batch> answer;

    Call(Session session, Random random) {
      request = random.nextInt(requests.size());
      fate = random.nextInt(FATES);
      options = options(random);
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

    void end(CallTally tally) {
      try (Batch results = answer.join()) {
        count(request, options, results, tally);
      } catch (RuntimeException e) {
        tally.ended(outcome(e));
      }
    }
  }

  /** Without a result a call must end in one of the ways that its options and load allow. */
  private static Outcome outcome(RuntimeException thrown) {
    Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
    if (cause instanceof DeadlineException) {
      return Outcome.EXPIRED;
    } else if (cause instanceof OverloadException) {
      return Outcome.REJECTED;
    } else if (cause instanceof CancelledException || cause instanceof CancellationException) {
      return Outcome.CANCELLED;
    }
    throw thrown;
  }

  private void count(int request, RunOptions options, Batch answer, CallTally tally) {
    double difference = alone.get(request).difference(Answer.of(answer));
    tally.answered(options.tenant(), options.priority(), difference);
  }

  /** The largest difference of two numbers, as a part of the largest number. */
  private static double difference(float[] expected, float[] actual) {
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
