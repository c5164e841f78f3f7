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
  private final @Nullable RuntimeOptions runtime;
  private final @Nullable Recorder recorder;

  private SessionOptions(Builder builder) {
    this.precision = builder.precision;
    this.device = builder.device;
    this.threads = builder.threads;
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

  /** Options that only one runtime knows. */
  public Optional<RuntimeOptions> runtime() {
    return Optional.ofNullable(runtime);
  }

  /** Who takes note of what the session does; empty where the session counts by itself. */
  public Optional<Recorder> recorder() {
    return Optional.ofNullable(recorder);
  }

  /** Collects options. */
  public static final class Builder {
    private Precision precision = Precision.FP32;
    private Device device = Device.cpu();
    private int threads;
    private @Nullable RuntimeOptions runtime;
    private @Nullable Recorder recorder;

    private Builder() {}

    /** The numbers to compute with; FP32, the model as it is, by default. */
    public Builder precision(Precision precision) {
      this.precision = precision;
      return this;
    }

    /** Where to compute; the CPU by default. */
    public Builder device(Device device) {
      this.device = device;
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

    /** Options that only one runtime knows. */
    public Builder runtime(RuntimeOptions runtime) {
      this.runtime = runtime;
      return this;
    }

    /**
     * Takes note of what the session does. By default the session counts by itself, for {@link
     * Session#stats}; {@link Recorder#disabled} ends that, and any other recorder takes its place.
     */
    public Builder recorder(Recorder recorder) {
      this.recorder = Recorder.guarded(recorder);
      return this;
    }

    /** The options. */
    public SessionOptions build() {
      return new SessionOptions(this);
    }
  }
}
