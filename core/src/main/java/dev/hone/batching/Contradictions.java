package dev.hone.batching;

import dev.hone.batching.BatchPolicy.Interaction;
import java.time.Duration;

/** Refuses policies of which two parts contradict each other, and names both. */
final class Contradictions {
  private Contradictions() {}

  /**
   * Looks at all that a policy says.
   *
   * @throws IllegalArgumentException if two of its parts contradict each other
   */
  static void requireNone(BatchPolicy policy) {
    refuseSizes(policy);
    refuseTimes(policy);
    refuseResults(policy);
  }

  private static void refuseSizes(BatchPolicy policy) {
    int maxRows = policy.maxRows;
    if (maxRows > policy.maxTokens) {
      throw between("maxRows", maxRows, "maxTokens", policy.maxTokens, "a row has a token");
    }
    if (maxRows > policy.maxBatchBytes) {
      throw between("maxRows", maxRows, "maxBatchBytes", policy.maxBatchBytes, "a row has a byte");
    }
    String mustFit = "a full batch must fit the queue";
    if (maxRows > policy.maxQueueRows) {
      throw between("maxRows", maxRows, "maxQueueRows", policy.maxQueueRows, mustFit);
    }
    if (maxRows > policy.maxQueueBytes) {
      throw between("maxRows", maxRows, "maxQueueBytes", policy.maxQueueBytes, mustFit);
    }
  }

  private static void refuseTimes(BatchPolicy policy) {
    Duration linger = Duration.ofNanos(policy.lingerNanos);
    if (!linger.isZero()) {
      refuseLingering(linger, "maxRows", policy.maxRows);
      refuseLingering(linger, "maxTokens", policy.maxTokens);
      refuseLingering(linger, "maxQueueRows", policy.maxQueueRows);
    }
    Duration target = Duration.ofNanos(policy.latencyTargetNanos);
    if (!target.isZero() && linger.compareTo(target) >= 0) {
      String why = "lingering alone would miss the target";
      throw between("linger", linger, "latencyTarget", target, why);
    }
  }

  /** Refuses to linger where nothing is worth waiting for. */
  private static void refuseLingering(Duration linger, String name, long most) {
    if (most == 1) {
      throw between("linger", linger, name, most, "no second row can join the first");
    }
  }

  private static void refuseResults(BatchPolicy policy) {
    if (policy.interaction == Interaction.ACCEPT
        && policy.tolerance != BatchPolicy.USUAL_TOLERANCE) {
      String why = "accepting leaves no limit";
      throw between("tolerance", policy.tolerance, "whenRowsInteract", policy.interaction, why);
    }
    String mask = policy.mask;
    long padding = mask == null ? 0 : policy.padding.getOrDefault(mask, 0L);
    if (mask != null && padding != 0) {
      throw between("mask", mask, "its padding", padding, "0 says that there is nothing");
    }
  }

  /** What is thrown where these two values contradict each other. */
  static IllegalArgumentException between(
      String name, Object value, String otherName, Object otherValue, String why) {
    return new IllegalArgumentException(
        name
            + " is "
            + value
            + " but "
            + otherName
            + " is "
            + otherValue
            + ": "
            + why
            + ". Change one of the two.");
  }
}
