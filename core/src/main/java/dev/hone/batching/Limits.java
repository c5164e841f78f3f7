package dev.hone.batching;

/**
 * How large a batch may be: by rows, tokens and bytes as the policy says, by memory as failures
 * taught, and by time as a latency target asks.
 *
 * <p>Time is steered as TCP steers its window (additive increase, multiplicative decrease): while
 * one hundred answers after another come within the target the limit grows by a step; when more
 * than one in a hundred is too late it shrinks by a tenth, at most once for each batch. An answer
 * whose call had waited for longer than the target before its batch began is no reason to shrink:
 * too much is asked, and only longer batches, which answer more, can catch up.
 *
 * <p>Guarded by the forming lock, but for {@link #maxRows(Kind, int)} and {@link #requireFits},
 * which any thread may ask.
 */
final class Limits {
  private static final int WINDOW = 100; // "the slowest percent" needs so many answers

  final int maxRows;
  private final long maxTokens;
  private final long maxBytes;
  private final long latencyTargetNanos;
  private volatile long memoryTokens = Long.MAX_VALUE;
  private long maxNanos;
  private int answers;
  private int late;
  private int sinceMemoryFailure;

  Limits(BatchPolicy policy, int maxRows) {
    this.maxRows = maxRows;
    this.maxTokens = policy.maxTokens;
    this.maxBytes = policy.maxBatchBytes;
    this.latencyTargetNanos = policy.latencyTargetNanos;
    this.maxNanos = latencyTargetNanos > 0 ? latencyTargetNanos / 2 : Long.MAX_VALUE;
  }

  /** The most rows of this length, at least one; one is all where nothing may join a call. */
  int maxRows(Kind kind, int length) {
    if (kind.runsAlone()) {
      return 1;
    }
    long rows = Math.min(maxRows, Math.min(maxTokens, memoryTokens) / Math.max(1, length));
    rows = Math.min(rows, maxBytes / Math.max(1, kind.batchRowBytes(length)));
    return (int) Math.max(1, rows);
  }

  /** The longest that a batch of more than one call may take. */
  long maxNanos() {
    return maxNanos;
  }

  /** Whether a row of such a call fits a batch. */
  boolean fits(Kind kind, int length) {
    return length <= maxTokens && kind.batchRowBytes(length) <= maxBytes;
  }

  /**
   * Refuses a call of which not even one row fits.
   *
   * @throws IllegalArgumentException naming the budget and the row
   */
  void requireFits(Kind kind, int length) {
    if (length > maxTokens) {
      throw new IllegalArgumentException(
          "A row must fit the budget of "
              + maxTokens
              + " tokens a batch (maxTokens), but these rows have "
              + length
              + ".");
    }
    long rowBytes = kind.batchRowBytes(length);
    if (rowBytes > maxBytes) {
      throw new IllegalArgumentException(
          "A row must fit the budget of "
              + maxBytes
              + " bytes a batch (maxBatchBytes), but these rows have "
              + rowBytes
              + " of inputs and outputs.");
    }
  }

  /**
   * Refuses budgets that no call of this kind keeps, however short its rows, and those that were
   * set both and contradict each other. One that was left as it is only makes batches smaller.
   *
   * @throws IllegalArgumentException naming both sides
   */
  static void requireUsable(BatchPolicy policy, Kind kind) {
    BatchPolicy usual = BatchPolicy.automatic();
    long inputBytes = kind.rowBytes(1); // outputs may be left out
    if (inputBytes > policy.maxBatchBytes) {
      throw new IllegalArgumentException(
          "maxBatchBytes is "
              + policy.maxBatchBytes
              + " but a row of this model has "
              + inputBytes
              + " bytes of inputs at least: no call would fit. Allow more.");
    }
    String row = "a row of this model has " + inputBytes + " bytes of inputs at least";
    long fullBytes = policy.maxRows * inputBytes;
    if (policy.maxBatchBytes != usual.maxBatchBytes && fullBytes > policy.maxBatchBytes) {
      throw Contradictions.between(
          "maxRows", policy.maxRows, "maxBatchBytes", policy.maxBatchBytes, row);
    }
    if (policy.maxQueueBytes != usual.maxQueueBytes && fullBytes > policy.maxQueueBytes) {
      String why = "a full batch must fit the queue, and " + row;
      throw Contradictions.between(
          "maxRows", policy.maxRows, "maxQueueBytes", policy.maxQueueBytes, why);
    }
  }

  /** A batch ran out of memory. */
  void memoryFailed(long tokens) {
    memoryTokens = Math.max(1, Math.min(memoryTokens, tokens / 2));
    sinceMemoryFailure = 0;
  }

  /** Whether there is a target, and so {@link #answered} wants to know. */
  boolean hasLatencyTarget() {
    return latencyTargetNanos > 0;
  }

  /** How long until this request has taken as long as the target allows. */
  long nanosToTarget(Request request, long nowNanos) {
    return request.submittedNanos + latencyTargetNanos - nowNanos;
  }

  /** An answer took so long from call to result, so much of it until its batch began. */
  void answered(long latencyNanos, long waitedNanos) {
    if (!hasLatencyTarget()) {
      return;
    }
    answers++;
    boolean byBatch = waitedNanos <= latencyTargetNanos;
    late += byBatch && latencyNanos > latencyTargetNanos ? 1 : 0;
  }

  /** A batch ran, and its calls were answered: limits may change. */
  void ran() {
    steerTime();
    forgetMemoryFailures();
  }

  private void steerTime() {
    if (late > 1 && late * WINDOW > answers) {
      maxNanos = Math.max(latencyTargetNanos / 100, maxNanos - maxNanos / 10);
    } else if (answers >= WINDOW) {
      maxNanos = Math.min(latencyTargetNanos, maxNanos + latencyTargetNanos / 50);
    } else {
      return; // too few to tell
    }
    answers = 0;
    late = 0;
  }

  /** What memory failures taught is tried again after a while. */
  private void forgetMemoryFailures() {
    if (memoryTokens != Long.MAX_VALUE && ++sinceMemoryFailure >= 1000) {
      memoryTokens = memoryTokens > Long.MAX_VALUE / 2 ? Long.MAX_VALUE : memoryTokens * 2;
      sinceMemoryFailure = 0;
    }
  }
}
