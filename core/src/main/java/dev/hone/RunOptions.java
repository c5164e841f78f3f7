package dev.hone;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
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
  public static final RunOptions DEFAULT =
      new RunOptions(List.of(), 0, null, Priority.STANDARD, "");

  private final List<String> outputs;
  private final long timeoutNanos;
  private final @Nullable Cancellation cancellation;
  private final Priority priority;
  private final String tenant;

  private RunOptions(
      List<String> outputs,
      long timeoutNanos,
      @Nullable Cancellation cancellation,
      Priority priority,
      String tenant) {
    this.outputs = outputs;
    this.timeoutNanos = timeoutNanos;
    this.cancellation = cancellation;
    this.priority = priority;
    this.tenant = tenant;
  }

  /** How urgent a run is, where runs wait for each other. */
  public enum Priority {
    /** Somebody is waiting for the answer. */
    INTERACTIVE,
    /** The usual. */
    STANDARD,
    /** Work that fills the gaps: served last, though never starved. */
    BULK
  }

  /**
   * Computes these outputs only, in this order.
   *
   * @throws IllegalArgumentException if none is named or one is named twice
   */
  public RunOptions withOutputs(String... names) {
    given("names of outputs", names);
    for (String name : names) {
      given("name of an output", name);
    }
    List<String> wanted = List.of(names);
    if (wanted.isEmpty() || wanted.stream().distinct().count() != wanted.size()) {
      throw new IllegalArgumentException(
          "Name at least one output, and each once, but not " + wanted + ".");
    }
    return new RunOptions(wanted, timeoutNanos, cancellation, priority, tenant);
  }

  /**
   * Stops the run this long after it was called, waiting included, with a {@link
   * HoneException.DeadlineException}. A native run stops after the operator it is in.
   *
   * @param timeout more than zero
   */
  public RunOptions withTimeout(Duration timeout) {
    given("timeout", timeout);
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException(
          "A timeout must be more than zero, but is " + timeout + ".");
    }
    long nanos = timeout.compareTo(Duration.ofDays(1000)) > 0 ? 0 : timeout.toNanos();
    return new RunOptions(outputs, nanos, cancellation, priority, tenant);
  }

  /** Stops the run with a {@link HoneException.CancelledException} when the switch is thrown. */
  public RunOptions withCancellation(Cancellation cancellation) {
    given("cancellation", cancellation);
    return new RunOptions(outputs, timeoutNanos, cancellation, priority, tenant);
  }

  /** How urgent the run is, where runs wait for each other; a plain session takes no notice. */
  public RunOptions withPriority(Priority priority) {
    given("priority", priority);
    return new RunOptions(outputs, timeoutNanos, cancellation, priority, tenant);
  }

  /**
   * For whom the run is, where tenants share what there is fairly; a plain session takes no notice.
   *
   * @param tenant any key, for example a customer's number; empty for nobody in particular
   */
  public RunOptions withTenant(String tenant) {
    given("tenant", tenant);
    return new RunOptions(outputs, timeoutNanos, cancellation, priority, tenant);
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

  /** How urgent the run is. */
  public Priority priority() {
    return priority;
  }

  /** For whom the run is; empty for nobody in particular. */
  public String tenant() {
    return tenant;
  }

  /** Whether the run needs watching: it has a timeout or may be cancelled. */
  public boolean isStoppable() {
    return timeoutNanos != 0 || cancellation != null;
  }

  /** What differs from {@link #DEFAULT}, for example {@code timeout 50.0 ms, INTERACTIVE}. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ").setEmptyValue("defaults");
    if (timeoutNanos != 0) {
      text.add("timeout " + millis(timeoutNanos) + " ms");
    }
    if (!outputs.isEmpty()) {
      text.add("outputs " + outputs);
    }
    if (priority != Priority.STANDARD) {
      text.add(priority.name());
    }
    if (!tenant.isEmpty()) {
      text.add("tenant '" + tenant + "'");
    }
    if (cancellation != null) {
      text.add(cancellation.isCancelled() ? "cancelled" : "may be cancelled");
    }
    return text.toString();
  }

  private static <T> void given(String name, @Nullable T value) {
    Given.value(value, name + " of run options", "Leave the call out for the default.");
  }

  /** So many nanoseconds in milliseconds, with as many digits as it takes. */
  static String millis(long nanos) {
    BigDecimal millis = BigDecimal.valueOf(nanos, 6);
    return millis.stripTrailingZeros().toPlainString();
  }
}
