package dev.hone;

import dev.hone.metrics.Recorder;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a session shall be. Immutable; {@link #of(Precision)} is all that most programs need.
 *
 * <pre>{@code
 * SessionOptions.builder().precision(Precision.INT8).threads(2).build();
 * }</pre>
 */
public final class SessionOptions {
  /** The model as it is, on the CPU, with as many threads as there are processors. */
  public static final SessionOptions DEFAULT = builder().build();

  private final Precision precision;
  private final Device device;
  private final int threads;
  private final @Nullable Iterable<Batch> calibration;
  private final @Nullable Iterable<Batch> checks;
  private final @Nullable RuntimeOptions runtime;
  private final @Nullable Recorder recorder;

  private SessionOptions(Builder builder) {
    this.precision = builder.precision;
    this.device = builder.device;
    this.threads = builder.threads;
    this.calibration = builder.calibration;
    this.checks = builder.checks;
    this.runtime = builder.runtime;
    this.recorder = builder.recorder;
  }

  /** The defaults at this precision. */
  public static SessionOptions of(Precision precision) {
    return builder().precision(precision).build();
  }

  /** The defaults on this device. */
  public static SessionOptions of(Device device) {
    return builder().device(device).build();
  }

  /** Begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Begins with these options. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.precision = precision;
    builder.device = device;
    builder.threads = threads;
    builder.calibration = calibration;
    builder.checks = checks;
    builder.runtime = runtime;
    builder.recorder = recorder;
    return builder;
  }

  /** The numbers to compute with. */
  public Precision precision() {
    return precision;
  }

  /** Where to compute. */
  public Device device() {
    return device;
  }

  /** Threads that work on one run; 0 for as many as the container has processors. */
  public int threads() {
    return threads;
  }

  /** Examples of real inputs, from which the ranges of values are learned. */
  public Optional<Iterable<Batch>> calibration() {
    return Optional.ofNullable(calibration);
  }

  /** Examples of real inputs, on which the smaller model is compared with the model as it is. */
  public Optional<Iterable<Batch>> checks() {
    return Optional.ofNullable(checks);
  }

  /** Options that only one runtime knows. */
  public Optional<RuntimeOptions> runtime() {
    return Optional.ofNullable(runtime);
  }

  /** Who takes note of what the session does; empty where the session counts by itself. */
  public Optional<Recorder> recorder() {
    return Optional.ofNullable(recorder);
  }

  /** What was asked for, for example {@code INT8 on cpu, 2 threads, with calibration}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder().append(precision).append(" on ").append(device);
    text.append(", ").append(threads == 0 ? "all" : threads);
    text.append(threads == 1 ? " thread" : " threads");
    text.append(calibration == null ? "" : ", with calibration");
    text.append(checks == null ? "" : ", with checks");
    text.append(runtime == null ? "" : ", " + runtime);
    return text.append(recorder == null ? "" : ", with a recorder").toString();
  }

  /** Collects options. */
  public static final class Builder {
    private Precision precision = Precision.FP32;
    private Device device = Device.cpu();
    private int threads;
    private @Nullable Iterable<Batch> calibration;
    private @Nullable Iterable<Batch> checks;
    private @Nullable RuntimeOptions runtime;
    private @Nullable Recorder recorder;

    private Builder() {}

    /** The numbers to compute with; FP32, the model as it is, by default. */
    public Builder precision(Precision precision) {
      this.precision = given("precision", precision);
      return this;
    }

    /** Where to compute; the CPU by default. */
    public Builder device(Device device) {
      this.device = given("device", device);
      return this;
    }

    /**
     * Threads that work on one run. The default, 0, takes as many as the container has processors.
     * For the most runs per second from several callers, 1 is usually best.
     */
    public Builder threads(int threads) {
      if (threads < 0 || threads > 1024) {
        throw new IllegalArgumentException(
            "The number of threads must be 0 (automatic) to 1024, but is " + threads + ".");
      }
      this.threads = threads;
      return this;
    }

    /**
     * Examples of real inputs, from which {@link Precision#INT8} learns the ranges of values: about
     * a hundred rows that look like those to come. A model made with them is faster, closer to the
     * original, and gives a row the same answer whatever other rows are in the batch.
     *
     * <p>Borrowed while a session opens: iterated several times, and must give the same batches
     * each time; an iterator may be asked for and left before its end. Each batch is used until the
     * next one is asked for, and closed by the caller. A quarter is kept back and compared with the
     * original afterwards, unless {@link #checks} brings other rows for that.
     */
    public Builder calibration(Iterable<Batch> calibration) {
      this.calibration = given("calibration", calibration);
      return this;
    }

    /**
     * Examples of real inputs, on which the answers of a quantized model are compared with those of
     * the original. They should not be among the examples for calibration. Borrowed in the same
     * way.
     */
    public Builder checks(Iterable<Batch> checks) {
      this.checks = given("checks", checks);
      return this;
    }

    /** Options that only one runtime knows. */
    public Builder runtime(RuntimeOptions runtime) {
      this.runtime = given("runtime", runtime);
      return this;
    }

    /**
     * Takes note of what the session does. By default the session counts by itself, for {@link
     * Session#stats}; {@link Recorder#disabled} ends that, and any other recorder takes its place.
     */
    public Builder recorder(Recorder recorder) {
      this.recorder = Recorder.guarded(given("recorder", recorder));
      return this;
    }

    /** The options. */
    public SessionOptions build() {
      return new SessionOptions(this);
    }

    private static <T> T given(String name, @Nullable T value) {
      return Given.value(
          value, name + " of session options", "Leave the call out for the default.");
    }
  }
}
