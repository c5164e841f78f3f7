package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Batches are formed of all kinds of calls, under all kinds of policies and costs, drawn from a
 * seed; without threads, so that a failure comes again. Whatever is drawn, nothing is thrown, who
 * is next is served, budgets are kept, rows go once and in order, and nothing stays behind.
 */
@ExtendWith(NoLeaks.class)
class RandomFormingTest {
  private static final Priority[] PRIORITIES = Priority.values();

  /** Another seed is another storm. */
  private final long seed = Long.getLong("hone.storm.seed", 1);

  private final ToySession padded = new ToySession();
  private final ToySession fixed = new ToySession(ToySession.Trait.NO_MASK);
  private final Map<Long, Batch> inputs = new HashMap<>();

  private static Layout layout(ToySession toy) {
    return Objects.requireNonNull(
        Opening.of(toy, BatchPolicy.builder().maxRows(16).lanes(1).build(), ToySession.costs(1_000))
            .verdict
            .layout());
  }

  @AfterEach
  void close() {
    inputs.values().forEach(Batch::close);
    padded.close();
    fixed.close();
  }

  @Test
  void whateverIsDrawnIsServedOnceInOrderAndWithinItsBudgets() {
    storm(1_500);
  }

  @Test
  @Tag("slow")
  void muchMoreIsServedSo() {
    storm(20_000);
  }

  private void storm(int scenarios) {
    Layout[] layouts = {layout(padded), layout(fixed)};
    for (int i = 0; i < scenarios; i++) {
      long number = seed * 1_000_000 + i;
      Random random = new Random(number);
      Scenario scenario = new Scenario(random, layouts[random.nextInt(2)]);
      try {
        scenario.play();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("Scenario " + number + " fails: " + scenario, e);
      }
    }
  }

  /** Inputs of this size, which all calls share: nobody looks at what is in them. */
  private Batch input(boolean masked, int rows, int length) {
    return inputs.computeIfAbsent(
        ((long) rows << 32) + 2L * length + (masked ? 1 : 0),
        key -> {
          Tensor ids = Tensor.allocate(DataType.INT64, Shape.of(rows, length));
          return masked
              ? Batch.of(
                  "input_ids",
                  ids,
                  "attention_mask",
                  Tensor.allocate(DataType.INT64, Shape.of(rows, length)))
              : Batch.of("input_ids", ids);
        });
  }

  /** Costs of some shape, which need not make sense. */
  private static CostGrid costs(Random random, boolean hasLength) {
    CostGrid grid = new CostGrid(hasLength);
    double run = Math.pow(10, random.nextInt(10));
    double row = Math.pow(10, random.nextInt(8) - 1);
    double power = random.nextInt(3) == 0 ? 2 : 1;
    boolean noisy = random.nextInt(3) == 0;
    boolean sparse = random.nextBoolean();
    for (int l = 0; l < CostModel.lengthNodes(hasLength); l++) {
      for (int r = 0; r < CostModel.rowNodes(); r++) {
        double nanos = run + row * Math.pow(1 << r, power) * (1 << l);
        if (r + l == 0 || !(sparse && random.nextInt(3) > 0)) {
          grid.put(l, r, noisy ? nanos * Math.exp(3 * random.nextGaussian()) : nanos);
        }
      }
    }
    return grid;
  }

  private static BatchPolicy policy(Random random) {
    BatchPolicy.Builder builder = BatchPolicy.builder().evenIfItDoesNotPay().lanes(1);
    int maxRows = 1 + random.nextInt(1 << random.nextInt(13));
    builder.maxRows(maxRows).maxQueueRows(maxRows + (long) random.nextInt(6_000));
    if (random.nextInt(3) == 0) {
      builder.maxTokens(maxRows + (long) random.nextInt(5_000));
    }
    if (random.nextInt(3) == 0) {
      builder.maxBatchBytes(maxRows + (long) random.nextInt(200_000));
    }
    if (random.nextInt(3) == 0) {
      builder.latencyTarget(Duration.ofNanos((long) Math.pow(10, 3 + random.nextInt(7))));
    }
    if (random.nextBoolean()) {
      builder.whenOverloaded(BatchPolicy.Overload.SHED_OLDEST);
    }
    return builder
        .tenantShare("tenant 1", 0.5 + random.nextInt(8))
        .maxQueueDelay(Duration.ofDays(2000))
        .build();
  }

  /** One queue from its first call until it is empty again. */
  private final class Scenario implements RequestEvents {
    private final Random random;
    private final Layout layout;
    private final boolean masked;
    private final BatchPolicy policy;
    private final Admission admission;
    private final WaitingRoom room;
    private final Limits limits;
    private final CostModel costs;
    private final BatchFormer former;
    private final Shedding shedding;
    private final Map<Request, Integer> flown = new HashMap<>(); // rows of each that waits
    private final Set<Request> waiting = new LinkedHashSet<>();
    private final Map<Request, Integer> newcomers = new HashMap<>(); // how many may pass each
    private final Set<Priority> seen = new HashSet<>();
    private final int tenants;
    private final int longest;
    private final int mostRows;
    private final boolean urgent;
    private int names;

    Scenario(Random random, Layout layout) {
      this.random = random;
      this.layout = layout;
      this.masked = layout.hasLength();
      this.policy = policy(random);
      this.admission = new Admission(policy, 1, Recorder.disabled());
      this.room = new WaitingRoom(admission, policy.shares);
      this.limits = new Limits(policy, policy.maxRows);
      this.costs = costs(random, masked).model(policy.maxRows);
      this.former = new BatchFormer(room, costs, limits, admission, random.nextInt(1_000_000));
      this.shedding = new Shedding(room, admission, policy);
      this.tenants = 1 + random.nextInt(random.nextBoolean() ? 1 : 5);
      this.longest = random.nextInt(8) == 0 ? 20_000 : 1 << random.nextInt(8);
      this.mostRows = random.nextInt(3) == 0 ? 1 << random.nextInt(13) : 1;
      this.urgent = random.nextBoolean();
    }

    void play() {
      arrive(1 + random.nextInt(1 << random.nextInt(random.nextInt(20) == 0 ? 13 : 8)));
      int rounds = random.nextInt(40);
      for (int i = 0; i < rounds; i++) {
        form();
        arrive(random.nextInt(1 << random.nextInt(6)));
        if (random.nextInt(10) == 0) {
          limits.memoryFailed(1 + random.nextInt(1 << random.nextInt(14)));
        }
      }
      while (!waiting.isEmpty()) {
        form();
      }
      assertThat(former.form(Dispatch.READY, System.nanoTime(), Long.MAX_VALUE)).isNull();
      assertThat(room.size()).isZero();
      assertThat(room.oldest()).isNull();
      assertThat(admission.rows()).isZero();
      assertThat(admission.bytes()).isZero();
      assertThat(admission.delayNanos()).isZero();
    }

    private void arrive(int calls) {
      for (int i = 0; i < calls; i++) {
        int step = 1 + longest / 64; // few sizes, as each has inputs of its own
        int length = 1 + step * (random.nextInt(1 + random.nextInt(longest)) / step);
        int most = Math.max(1, mostRows / length);
        int rows = most - most * random.nextInt(8) / 8;
        Batch in = input(masked, rows, length);
        List<String> outputs = random.nextInt(4) == 0 ? List.of("pooled") : List.of();
        Kind kind = Objects.requireNonNull(layout.kindOf(in, outputs));
        int tenant = Math.min(random.nextInt(tenants), random.nextInt(tenants));
        boolean isNew = tenants > 1 && random.nextInt(10) == 0;
        String name = isNew ? "new " + names++ : tenant == 0 ? "" : "tenant " + tenant;
        RunOptions options = RunOptions.DEFAULT.withTenant(name);
        if (urgent) {
          options = options.withPriority(PRIORITIES[random.nextInt(3)]);
        }
        if (random.nextInt(10) == 0) {
          options = options.withTimeout(Duration.ofNanos(1 + random.nextInt(1_000_000)));
        }
        arrive(in, kind, options, isNew);
      }
    }

    private void arrive(Batch in, Kind kind, RunOptions options, boolean isNew) {
      int length = kind.lengthOf(in);
      long cost = costs.rowNanos(length) * in.rows();
      assertThat(cost).isPositive();
      Request request =
          new AsyncRequest(this, this, kind, in, length, cost, options, System.nanoTime());
      request.holdTensors();
      boolean admitted = admission.tryAdmit(request, 0, 0, 0) || madeRoom(request);
      if (!admitted) {
        request.endUse();
        return;
      }
      room.add(request);
      waiting.add(request);
      flown.put(request, 0);
      if (isNew || (tenants == 1 && seen.add(options.priority()))) {
        newcomers.put(request, tenants == 1 ? PRIORITIES.length : tenants + newcomers.size());
      }
      if (random.nextInt(20) == 0) {
        end(request);
      }
    }

    private boolean madeRoom(Request newer) {
      List<Request> ended = new ArrayList<>();
      boolean made = shedding.makeRoomFor(newer, Duration.ZERO, ended);
      assertThat(made || ended.isEmpty()).isTrue();
      for (Request victim : ended) {
        assertThat(waiting.remove(victim)).isTrue();
        newcomers.remove(victim);
        assertThat(victim.options.priority()).isGreaterThanOrEqualTo(newer.options.priority());
        assertThat(flown.get(victim)).isZero();
        victim.tellEnd();
      }
      boolean alone = waiting.size() + (made ? 1 : 0) == 1;
      assertThat(admission.rows())
          .isLessThanOrEqualTo(alone ? Long.MAX_VALUE : policy.maxQueueRows);
      return made;
    }

    private void end(Request request) {
      assertThat(request.settle(new IllegalStateException("ended early"))).isTrue();
      waiting.remove(request);
      newcomers.remove(request);
    }

    private void form() {
      if (!waiting.isEmpty() && random.nextInt(10) == 0) {
        end(waiting.iterator().next()); // perhaps one that is served in parts
      }
      Request next = room.first();
      long other = random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(1 << random.nextInt(30));
      Flight flight = former.form(Dispatch.READY, System.nanoTime(), other);
      if (next == null) {
        assertThat(flight).isNull();
        assertThat(waiting).isEmpty();
        return;
      }
      Objects.requireNonNull(flight);
      assertThat(flight.carries(next)).as("who is next is in the batch").isTrue();
      requireBudgets(flight);
      flight.pieces.forEach(this::fly);
      requireFairness(next, flight);
      learn(flight);
    }

    private void requireBudgets(Flight flight) {
      int rows = flight.pieces.stream().mapToInt(Piece::rows).sum();
      assertThat(flight.rows).isEqualTo(rows).isBetween(1, policy.maxRows);
      assertThat(flight.predictedNanos).isNotNegative();
      assertThat(rows == 1 || (long) rows * flight.length <= policy.maxTokens).isTrue();
      assertThat(
              rows == 1 || rows * flight.kind.batchRowBytes(flight.length) <= policy.maxBatchBytes)
          .isTrue();
      assertThat(rows).isLessThanOrEqualTo(limits.maxRows(flight.kind, flight.length));
    }

    private void fly(Piece piece) {
      Request request = piece.request();
      Integer before = flown.get(request);
      assertThat(waiting.contains(request)).isTrue();
      assertThat(piece.from()).isEqualTo(before);
      assertThat(piece.rows()).isPositive();
      int after = piece.from() + piece.rows();
      flown.put(request, after);
      assertThat(request.takenRows).isEqualTo(after).isLessThanOrEqualTo(request.rows);
      request.endUse();
      if (after == request.rows) {
        assertThat(request.settle(new IllegalStateException("done"))).isTrue();
        waiting.remove(request);
      }
    }

    /** Who never asked before is passed by each other tenant, or level, once at most. */
    private void requireFairness(Request anchor, Flight flight) {
      newcomers.keySet().removeIf(flight::carries);
      for (Map.Entry<Request, Integer> newcomer : newcomers.entrySet()) {
        Request request = newcomer.getKey();
        if (tenants == 1 || request.options.priority() == anchor.options.priority()) {
          newcomer.setValue(newcomer.getValue() - 1);
          assertThat(newcomer.getValue())
              .as("how many may still pass %s of %s", request.options, request.kind)
              .isNotNegative();
        }
      }
    }

    private void learn(Flight flight) {
      double took = flight.predictedNanos * Math.exp(random.nextGaussian());
      costs.observe(flight.rows, flight.length, (long) took);
      if (limits.hasLatencyTarget()) {
        flight.pieces.forEach(piece -> limits.answered((long) (3 * took), 0));
      }
      limits.ran();
    }

    @Override
    public void leftQueue(Request request) {
      admission.left(request);
    }

    @Override
    public void answered(Request request, Flight flight) {}

    @Override
    public void failed(AsyncRequest request, Failure failure) {}

    @Override
    public void finish(Answers answers) {}

    @Override
    public String toString() {
      return policy + ", " + tenants + " tenants, up to " + Arrays.asList(longest, mostRows);
    }
  }
}
