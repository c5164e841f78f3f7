package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.metrics.Recorder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Batcher} may do. Immutable; {@link #automatic} is all that most programs need.
 *
 * <pre>{@code
 * BatchPolicy.builder().maxRows(32).latencyTarget(Duration.ofMillis(50)).build();
 * }</pre>
 */
public final class BatchPolicy {
  /** Stands for the one that fits the session's precision. */
  static final double USUAL_TOLERANCE = -1;

  private static final String COMMON_PARALLELISM =
      "java.util.concurrent.ForkJoinPool.common.parallelism";

  /** Where Java itself runs what is asynchronous if there is no pool for it. */
  private static final Executor NO_POOL = new CompletableFuture<Void>().defaultExecutor();

  private static final BatchPolicy AUTOMATIC = builder().build();

  final int maxRows;
  final long maxTokens;
  final long maxBatchBytes;
  final int lanes;
  final long lingerNanos;
  final long latencyTargetNanos;
  final long warmUpNanos;
  final long maxQueueRows;
  final long maxQueueBytes;
  final long maxQueueDelayNanos;
  final Overload overload;
  final long blockNanos;
  final Interaction interaction;
  final double tolerance;
  final @Nullable String lengthAxis;
  final @Nullable String mask;
  final Map<String, Long> padding;
  final Map<String, Double> shares;
  final List<Batch> samples;
  final Executor callbacks;
  final @Nullable Recorder recorder;
  final boolean always;
  final boolean queues; // it says who waits, and for how long: so calls must wait in a queue

  private BatchPolicy(Builder builder) {
    maxRows = builder.maxRows;
    maxTokens = builder.maxTokens;
    maxBatchBytes = builder.maxBatchBytes;
    lanes = builder.lanes;
    lingerNanos = builder.lingerNanos;
    latencyTargetNanos = builder.latencyTargetNanos;
    warmUpNanos = builder.warmUpNanos;
    maxQueueRows = builder.maxQueueRows;
    maxQueueBytes = builder.maxQueueBytes;
    maxQueueDelayNanos = builder.maxQueueDelayNanos;
    overload = builder.overload;
    blockNanos = builder.blockNanos;
    interaction = builder.interaction;
    tolerance = builder.tolerance;
    lengthAxis = builder.lengthAxis;
    mask = builder.mask;
    padding = Map.copyOf(builder.padding);
    shares = Map.copyOf(builder.shares);
    samples = List.copyOf(builder.samples);
    callbacks = builder.callbacks;
    recorder = builder.recorder;
    always = builder.always;
    queues = builder.queues;
  }

  /** Everything measured and chosen when the batcher opens. */
  public static BatchPolicy automatic() {
    return AUTOMATIC;
  }

  /** Begins with everything automatic. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whether calls may run in their callers' threads: nothing was said that needs them to queue. */
  boolean leavesThreadsFree() {
    return !always && !queues && lanes == 0 && lingerNanos == 0 && latencyTargetNanos == 0;
  }

  /** Whether it limits what a row of a batch may need. */
  boolean hasBudgets() {
    return maxTokens != AUTOMATIC.maxTokens || maxBatchBytes != AUTOMATIC.maxBatchBytes;
  }

  /** What differs from {@link #automatic}, for example {@code maxRows 32, linger PT0.001S}. */
  @Override
  public String toString() {
    return PolicyText.of(this, AUTOMATIC);
  }

  /** What happens to a call that finds the queue full. */
  public enum Overload {
    /**
     * It fails at once with an {@link dev.hone.HoneException.OverloadException}, unless other
     * tenants ask for more at the same priority, for their shares, than its own does with this
     * call: then the newest waiting calls of the one that asks for most fail in its place, as many
     * as it needs. If they would not make room enough, none of them fails.
     */
    REJECT,
    /** It waits for room, and fails so if none comes in time. */
    BLOCK,
    /**
     * The oldest waiting calls of no higher priority fail instead, those of the lowest priority
     * first and of the tenant that asks for most there, as many as it needs. If they would not make
     * room enough, it fails itself and none of them does.
     */
    SHED_OLDEST
  }

  /** What happens if the rows of a batch change each other's results. */
  public enum Interaction {
    /** The batcher does not open. */
    REFUSE,
    /** Calls run one by one. */
    RUN_ALONE,
    /** Calls share batches all the same: the application accepts that results vary. */
    ACCEPT
  }

  /** Collects what a policy says. Each method refuses a value that makes no sense by itself. */
  public static final class Builder {
    private int maxRows;
    private long maxTokens = Long.MAX_VALUE;
    private long maxBatchBytes = 1L << 30;
    private int lanes;
    private long lingerNanos;
    private long latencyTargetNanos;
    private long warmUpNanos = Duration.ofSeconds(1).toNanos();
    private long maxQueueRows = 16_384;
    private long maxQueueBytes = 256L << 20;
    private long maxQueueDelayNanos = Duration.ofSeconds(30).toNanos();
    private Overload overload = Overload.REJECT;
    private long blockNanos;
    private Interaction interaction = Interaction.RUN_ALONE;
    private double tolerance = USUAL_TOLERANCE;
    private @Nullable String lengthAxis;
    private @Nullable String mask;
    private final Map<String, Long> padding = new HashMap<>();
    private final Map<String, Double> shares = new HashMap<>();
    private List<Batch> samples = List.of();
    private Executor callbacks = usualCallbacks();
    private @Nullable Recorder recorder;
    private boolean always;
    private boolean queues;

    private Builder() {}

    /** The most rows in one batch, 1 to 4096; by default what measurably pays, at least 16. */
    public Builder maxRows(int rows) {
      if (rows < 1 || rows > CostModel.MAX_ROWS) {
        throw new IllegalArgumentException(
            "A batch must hold 1 to " + CostModel.MAX_ROWS + " rows, but maxRows is " + rows + ".");
      }
      this.maxRows = rows;
      return this;
    }

    /** The most rows times padded length in one batch, at least 1; by default unlimited. */
    public Builder maxTokens(long tokens) {
      this.maxTokens = positive("maxTokens", tokens);
      return this;
    }

    /**
     * The most bytes of inputs and outputs in one batch, at least 1; by default 1 GiB. Outputs
     * count where their shapes follow from the rows and their length; where only a run tells them,
     * inputs alone do.
     */
    public Builder maxBatchBytes(long bytes) {
      this.maxBatchBytes = positive("maxBatchBytes", bytes);
      return this;
    }

    /** How many batches run at once, 1 to 64; by default what measurably serves the most rows. */
    public Builder lanes(int lanes) {
      if (lanes < 1 || lanes > Lanes.MOST) {
        throw new IllegalArgumentException(
            "1 to " + Lanes.MOST + " batches can run at once, but lanes is " + lanes + ".");
      }
      this.lanes = lanes;
      return this;
    }

    /**
     * How long a batch that is not full waits for more rows although nothing stops it from running.
     * Zero, the default, is right for almost everybody: batches then form while others run.
     */
    public Builder linger(Duration linger) {
      if (given("linger", linger).isNegative()) {
        throw new IllegalArgumentException("Linger must not be negative, but is " + linger + ".");
      }
      this.lingerNanos = nanos(linger);
      return this;
    }

    /** Batches stay short enough for the slowest percent of answers to come within this time. */
    public Builder latencyTarget(Duration target) {
      this.latencyTargetNanos = positive("latencyTarget", target);
      return this;
    }

    /**
     * About how long opening may measure what batches cost; a second by default. To find out
     * whether rows may share batches, and how many threads serve most, comes on top.
     */
    public Builder warmUp(Duration time) {
      this.warmUpNanos = positive("warmUp", time);
      return this;
    }

    /**
     * The most rows that wait, at least 1; 16,384 by default. Who sets a bound of the queue, what
     * happens when it is full, or a share of a tenant has all calls queue, also where they would
     * otherwise run in their callers' threads.
     */
    public Builder maxQueueRows(long rows) {
      this.maxQueueRows = positive("maxQueueRows", rows);
      this.queues = true;
      return this;
    }

    /**
     * The most bytes of inputs that wait, at least 1; 256 MiB by default. All calls queue then, as
     * with {@link #maxQueueRows}.
     */
    public Builder maxQueueBytes(long bytes) {
      this.maxQueueBytes = positive("maxQueueBytes", bytes);
      this.queues = true;
      return this;
    }

    /**
     * The longest predicted wait with which a call is still taken; 30 s by default. All calls queue
     * then, as with {@link #maxQueueRows}.
     */
    public Builder maxQueueDelay(Duration delay) {
      this.maxQueueDelayNanos = positive("maxQueueDelay", delay);
      this.queues = true;
      return this;
    }

    /**
     * What happens to a call that finds the queue full; REJECT by default. All calls queue then, as
     * with {@link #maxQueueRows}.
     */
    public Builder whenOverloaded(Overload overload) {
      if (overload == Overload.BLOCK) {
        throw new IllegalArgumentException(
            "BLOCK needs to know how long; use blockWhenOverloaded(Duration).");
      }
      this.overload = given("whenOverloaded", overload);
      this.queues = true;
      return this;
    }

    /**
     * A call that finds the queue full waits up to this long for room, in its caller's thread, also
     * {@code runAsync}; until its deadline at most, and until it is cancelled. All calls queue
     * then, as with {@link #maxQueueRows}.
     */
    public Builder blockWhenOverloaded(Duration atMost) {
      this.overload = Overload.BLOCK;
      this.blockNanos = positive("blockWhenOverloaded", atMost);
      this.queues = true;
      return this;
    }

    /** What happens if the rows of a batch change each other's results; RUN_ALONE by default. */
    public Builder whenRowsInteract(Interaction interaction) {
      this.interaction = given("whenRowsInteract", interaction);
      return this;
    }

    /**
     * By how much a result may differ from the one the row gets alone, relative to the row's
     * largest result; by default 1e-4, or 1e-2 at FP16 and BF16, room for another order of
     * summation. Zero asks for the very same bits.
     */
    public Builder tolerance(double tolerance) {
      if (!(tolerance >= 0 && tolerance < 1)) {
        throw new IllegalArgumentException(
            "The tolerance must be at least 0 and below 1, but is " + tolerance + ".");
      }
      this.tolerance = tolerance;
      return this;
    }

    /**
     * The symbolic dimension along which rows differ in length and may be padded, for example
     * {@code sequence}; by default the one that an input named like {@code attention_mask} has.
     */
    public Builder lengthAxis(String symbol) {
      this.lengthAxis = given("lengthAxis", symbol);
      return this;
    }

    /** The input that is 1 where a row has content and 0 where it is padded. */
    public Builder mask(String input) {
      this.mask = given("mask", input);
      return this;
    }

    /** What an input is padded with; 0 by default. */
    public Builder padding(String input, long value) {
      this.padding.put(given("padding", input), value);
      return this;
    }

    /**
     * The share of a tenant against the others' when both want more than there is; 1 by default.
     * All calls queue then, as with {@link #maxQueueRows}.
     */
    public Builder tenantShare(String tenant, double share) {
      if (!(share > 0 && share <= 1000)) {
        throw new IllegalArgumentException(
            "A share must be above 0 and at most 1000, but that of '"
                + tenant
                + "' is "
                + share
                + ".");
      }
      this.shares.put(given("tenantShare", tenant), share);
      this.queues = true;
      return this;
    }

    /**
     * Usual inputs of one row or more, from which opening makes what it measures with. Without them
     * it makes inputs up, which not every model takes. Borrowed until the batcher is open.
     */
    public Builder samples(Batch... samples) {
      for (Batch sample : given("samples", samples)) {
        if (hasNoRow(given("samples", sample))) {
          throw new IllegalArgumentException(
              "A sample must have a row at least, but one is " + sample + ".");
        }
      }
      this.samples = List.of(samples);
      return this;
    }

    /**
     * Where the dependents of futures run, those of methods like {@code thenApplyAsync} among them
     * unless these name another executor; the common pool by default, unless that was given no
     * threads. It gets one task for all answers of a batch, and another that helps it as long as
     * any are left.
     */
    public Builder callbacksOn(Executor executor) {
      this.callbacks = given("callbacksOn", executor);
      return this;
    }

    /**
     * Takes note of what the batcher does. By default it counts by itself, for {@link
     * Batcher#stats}; {@link Recorder#disabled} ends that, and any other recorder takes its place.
     */
    public Builder recorder(Recorder recorder) {
      this.recorder = Recorder.guarded(given("recorder", recorder));
      return this;
    }

    /** Batches even where measurement says that it cannot pay. */
    public Builder evenIfItDoesNotPay() {
      this.always = true;
      return this;
    }

    /**
     * The policy.
     *
     * @throws IllegalArgumentException if two of its parts contradict each other
     */
    public BatchPolicy build() {
      BatchPolicy policy = new BatchPolicy(this);
      Contradictions.requireNone(policy);
      return policy;
    }

    /** The common pool, unless it was made so small that it runs nothing. */
    private static Executor usualCallbacks() {
      return Integer.getInteger(COMMON_PARALLELISM, 1) == 0 ? NO_POOL : ForkJoinPool.commonPool();
    }

    private static boolean hasNoRow(Batch sample) {
      for (int i = 0; i < sample.size(); i++) {
        if (sample.tensor(i).shape().rows() == 0) {
          return true;
        }
      }
      return false;
    }

    private static <T> T given(String name, @Nullable T value) {
      return Batcher.given(value, name + " of a policy", "Leave it out for the usual.");
    }

    private static long positive(String name, long value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, but is " + value + ".");
      }
      return value;
    }

    private static long positive(String name, Duration time) {
      if (given(name, time).isZero() || time.isNegative()) {
        throw new IllegalArgumentException(name + " must be more than zero, but is " + time + ".");
      }
      return nanos(time);
    }

    /** So many nanoseconds, or as good as for ever. */
    private static long nanos(Duration time) {
      return time.compareTo(Duration.ofDays(1000)) > 0 ? Long.MAX_VALUE / 4 : time.toNanos();
    }
  }
}
