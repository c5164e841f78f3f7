package dev.hone.batching;

/**
 * The best of several tries to measure a speed: whatever else the machine does makes a try slower,
 * never faster. Not thread-safe.
 */
final class Best {
  /** How near the second best must be: then the best was no chance, and the machine was free. */
  private static final double NEAR = 0.97;

  private double best;
  private double second;

  /** Takes in a try. */
  void add(double speed) {
    second = Math.max(second, Math.min(best, speed));
    best = Math.max(best, speed);
  }

  /** The best so far; zero before the first. */
  double value() {
    return best;
  }

  /** Whether two tries have come to about the same, and none to more. */
  boolean isConfirmed() {
    return second > 0 && second >= NEAR * best;
  }
}
