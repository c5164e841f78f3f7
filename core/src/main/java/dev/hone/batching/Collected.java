package dev.hone.batching;

import dev.hone.Batch;
import org.jspecify.annotations.Nullable;

/**
 * Results of a call that runs in parts, while some are missing.
 *
 * @param missing rows that were not written yet
 */
record Collected(Batch results, int missing) {
  /** The same with so many more rows written; null if none are missing any more. */
  @Nullable Collected add(int rows) {
    return rows == missing ? null : new Collected(results, missing - rows);
  }
}
