package dev.hone.memory;

/**
 * The native memory that Hone's tensors and pools hold in this process. What a runtime's own
 * library holds (weights, its arena) is not in here.
 *
 * @param liveBytes bytes held now
 * @param peakBytes the most bytes ever held at once since the last {@link Memory#resetPeak}
 * @param liveBlocks blocks held now
 * @param deferredBytes those of {@code liveBytes} that were closed but are still seen through a
 *     view, and wait for the garbage collector
 */
public record MemoryStats(long liveBytes, long peakBytes, long liveBlocks, long deferredBytes) {
  /** For example {@code 1024 bytes in 2 blocks, peak 4096, 0 waiting for the collector}. */
  @Override
  public String toString() {
    return liveBytes
        + " bytes in "
        + liveBlocks
        + " blocks, peak "
        + peakBytes
        + ", "
        + deferredBytes
        + " waiting for the collector";
  }
}
