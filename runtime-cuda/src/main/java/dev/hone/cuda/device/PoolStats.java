package dev.hone.cuda.device;

/**
 * What a pool holds of CUDA's memory, to the byte: {@code live + idle} is what was allocated and
 * not freed.
 *
 * @param liveBytes in use
 * @param idleBytes kept for later
 * @param peakBytes the most that was live and idle at one time
 * @param allocations how often CUDA was asked for memory
 * @param refusals how often the pool had none, by its limit or CUDA's
 */
public record PoolStats(
    long liveBytes, long idleBytes, long peakBytes, long allocations, long refusals) {
  /** For messages. */
  @Override
  public String toString() {
    return liveBytes + " bytes in use and " + idleBytes + " idle";
  }
}
