package dev.hone;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one run may do. Immutable: each {@code with} method gives a changed copy.
 *
 * <pre>{@code
 * session.run(input, RunOptions.DEFAULT.withTimeout(Duration.ofMillis(50)));
 * }</pre>
 */
public final class RunOptions {
  /** All outputs, no deadline, no cancellation. */
  public static final RunOptions DEFAULT = new RunOptions(List.of(), 0, null);

  private final List<String> outputs;
  private final long timeoutNanos;
  private final @Nullable Cancellation cancellation;

  private RunOptions(List<String> outputs, long timeoutNanos, @Nullable Cancellation cancellation) {
    this.outputs = outputs;
    this.timeoutNanos = timeoutNanos;
    this.cancellation = cancellation;
  }

  /**
   * Computes these outputs only, in this order.
   *
   * @throws IllegalArgumentException if none is named or one is named twice
   */
  public RunOptions withOutputs(String... names) {
    List<String> wanted = List.of(names);
    if (wanted.isEmpty() || wanted.stream().distinct().count() != wanted.size()) {
      throw new IllegalArgumentException(
          "Name at least one output, and each once, but not " + wanted + ".");
    }
    return new RunOptions(wanted, timeoutNanos, cancellation);
  }

  /**
   * Stops the run this long after it was called, waiting included, with a {@link
   * HoneException.DeadlineException}. A native run stops after the operator it is in.
   *
   * @param timeout more than zero
   */
  public RunOptions withTimeout(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException(
          "A timeout must be more than zero, but is " + timeout + ".");
    }
    long nanos = timeout.compareTo(Duration.ofDays(1000)) > 0 ? 0 : timeout.toNanos();
    return new RunOptions(outputs, nanos, cancellation);
  }

  /** Stops the run with a {@link HoneException.CancelledException} when the switch is thrown. */
  public RunOptions withCancellation(Cancellation cancellation) {
    return new RunOptions(outputs, timeoutNanos, cancellation);
  }

  /** The outputs to compute, in order; empty for all. */
  public List<String> outputs() {
    return outputs;
  }

  /** The timeout in nanoseconds, or 0 for none. */
  public long timeoutNanos() {
    return timeoutNanos;
  }

  /** What may stop the run. */
  public Optional<Cancellation> cancellation() {
    return Optional.ofNullable(cancellation);
  }

  /** Whether the run needs watching: it has a timeout or may be cancelled. */
  public boolean isStoppable() {
    return timeoutNanos != 0 || cancellation != null;
  }
}
