package dev.hone.shadow;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How often a {@link Shadow} looks, what it may cost, and what counts as agreement. Immutable.
 *
 * <pre>{@code
 * ShadowPolicy.builder()
 *     .sampledShare(0.01)
 *     .compare("logits", Comparison.KL)
 *     .reference(ShadowReference.load(path))
 *     .onChange(stats -> alert(stats.toString()))
 *     .build();
 * }</pre>
 */
public final class ShadowPolicy {
  /** One request in a hundred, at most 5 % of a processor's time, outputs compared by angle. */
  public static final ShadowPolicy DEFAULT = builder().build();

  final double sampledShare;
  final double budget;
  final double mostPressure;
  final double healthyRate;
  final double harmfulRate;
  final double falseAlarmRate;
  final WhenDrifted whenDrifted;
  final Map<String, Measure> measures;
  final @Nullable ShadowReference reference;
  final Consumer<ShadowStats> listener;
  private final String text;

  private ShadowPolicy(Builder builder) {
    sampledShare = builder.sampledShare;
    budget = builder.budget;
    mostPressure = builder.mostPressure;
    healthyRate = builder.healthyRate;
    harmfulRate = builder.harmfulRate;
    falseAlarmRate = builder.falseAlarmRate;
    whenDrifted = builder.whenDrifted;
    measures = Collections.unmodifiableMap(new LinkedHashMap<>(builder.measures));
    reference = builder.reference;
    listener = builder.listener;
    text = builder.inWords();
  }

  /** What happens when the models do not agree any more. */
  public enum WhenDrifted {
    /** It is told, and the fast model goes on answering. */
    TELL,
    /** It is told, and the baseline answers from then on. */
    FALL_BACK
  }

  /** How one output is compared; the limit is null where a reference or the usual one applies. */
  record Measure(Comparison by, @Nullable Double limit) {
    @Override
    public String toString() {
      return limit == null ? by.toString() : by + " up to " + limit;
    }
  }

  /** Begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** What was normal when the model was made. */
  public Optional<ShadowReference> reference() {
    return Optional.ofNullable(reference);
  }

  /** What differs from {@link #DEFAULT}, for example {@code sampledShare 0.1, FALL_BACK}. */
  @Override
  public String toString() {
    return text;
  }

  /** Collects what a policy says. */
  public static final class Builder {
    private double sampledShare = 0.01;
    private double budget = 0.05;
    private double mostPressure = 0.7;
    private double healthyRate = 0.01;
    private double harmfulRate = 0.1;
    private double falseAlarmRate = 1e-6;
    private WhenDrifted whenDrifted = WhenDrifted.TELL;
    private final Map<String, Measure> measures = new LinkedHashMap<>();
    private @Nullable ShadowReference reference;
    private Consumer<ShadowStats> listener = stats -> {};

    private Builder() {}

    /** The share of requests to compare, above 0 and at most 1; 0.01 by default. */
    public Builder sampledShare(double share) {
      this.sampledShare = share("sampledShare", share);
      return this;
    }

    /**
     * The most time the baseline may run, as a share of all time; 0.05 by default. What is beyond
     * it is skipped. A baseline session with one thread then costs at most that share of one
     * processor.
     */
    public Builder budget(double share) {
      this.budget = share("budget", share);
      return this;
    }

    /**
     * Nothing is compared while the fast session's {@link
     * dev.hone.metrics.SessionStats.Moment#pressure} is above this; 0.7 by default.
     */
    public Builder mostPressure(double pressure) {
      if (!(pressure > 0)) {
        throw new IllegalArgumentException(
            "mostPressure must be above 0, but is " + pressure + ".");
      }
      this.mostPressure = pressure;
      return this;
    }

    /**
     * The test's error rates.
     *
     * @param healthyRate up to this share of disagreeing requests all is well; 0.01 by default
     * @param harmfulRate from this share on it is harm that must be found; 0.1 by default
     * @param falseAlarmRate the most false alarms for each comparison, while all is well; 1e-6 by
     *     default. About {@code ln(1 / falseAlarmRate)} over the divergence of the two rates is the
     *     number of comparisons it takes to find harm
     */
    public Builder rates(double healthyRate, double harmfulRate, double falseAlarmRate) {
      if (!(0 < healthyRate && healthyRate < harmfulRate && harmfulRate < 1)
          || !(0 < falseAlarmRate && falseAlarmRate < 1)) {
        throw new IllegalArgumentException(
            "The rates must be 0 < healthyRate < harmfulRate < 1 and 0 < falseAlarmRate < 1, but"
                + " are "
                + healthyRate
                + ", "
                + harmfulRate
                + " and "
                + falseAlarmRate
                + ".");
      }
      this.healthyRate = healthyRate;
      this.harmfulRate = harmfulRate;
      this.falseAlarmRate = falseAlarmRate;
      return this;
    }

    /**
     * Compares this output so; up to what divergence it agrees, the reference says, or else {@link
     * Comparison#usualLimit}. Without a call of {@code compare} all floating-point outputs are
     * compared by {@link Comparison#COSINE}.
     */
    public Builder compare(String output, Comparison by) {
      measures.put(requireOutput(output), new Measure(requireComparison(by), null));
      return this;
    }

    /** Compares this output so; up to this divergence it agrees. */
    public Builder compare(String output, Comparison by, double limit) {
      if (!(limit >= 0)) {
        throw new IllegalArgumentException("A limit must be at least 0, but is " + limit + ".");
      }
      measures.put(requireOutput(output), new Measure(requireComparison(by), limit));
      return this;
    }

    /** What was normal when the model was made. */
    public Builder reference(ShadowReference reference) {
      this.reference = Objects.requireNonNull(reference, "reference of a shadow policy");
      return this;
    }

    /** What happens when the models do not agree any more; TELL by default. */
    public Builder whenDrifted(WhenDrifted action) {
      this.whenDrifted = Objects.requireNonNull(action, "action of a shadow policy when drifted");
      return this;
    }

    /**
     * Called when the state changes, and when a feature's distribution first leaves that of the
     * reference. Runs on the shadow's own thread; what it throws is logged once and goes nowhere
     * else.
     */
    public Builder onChange(Consumer<ShadowStats> listener) {
      this.listener = Objects.requireNonNull(listener, "listener of a shadow policy");
      return this;
    }

    /** The policy. */
    public ShadowPolicy build() {
      return new ShadowPolicy(this);
    }

    private static String requireOutput(String output) {
      return Objects.requireNonNull(output, "output that a shadow policy compares");
    }

    private static Comparison requireComparison(Comparison by) {
      return Objects.requireNonNull(by, "comparison of an output in a shadow policy");
    }

    private String inWords() {
      Builder usual = new Builder();
      StringJoiner words = new StringJoiner(", ").setEmptyValue("defaults");
      add(words, "sampledShare ", sampledShare, usual.sampledShare);
      add(words, "budget ", budget, usual.budget);
      add(words, "mostPressure ", mostPressure, usual.mostPressure);
      add(words, "healthyRate ", healthyRate, usual.healthyRate);
      add(words, "harmfulRate ", harmfulRate, usual.harmfulRate);
      add(words, "falseAlarmRate ", falseAlarmRate, usual.falseAlarmRate);
      add(words, "compare ", measures, usual.measures);
      add(words, "", whenDrifted, usual.whenDrifted);
      if (reference != null) {
        words.add("with a reference");
      }
      return words.toString();
    }

    private static void add(StringJoiner words, String name, Object value, Object usual) {
      if (!Objects.equals(value, usual)) {
        words.add(name + value);
      }
    }

    private static double share(String name, double share) {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException(
            name + " must be above 0 and at most 1, but is " + share + ".");
      }
      return share;
    }
  }
}
