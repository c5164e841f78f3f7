package dev.hone.onnx;

/**
 * Tells how far a piece of work is that may have to begin again: each attempt takes its share of
 * what is still left, so that the fraction never falls.
 */
final class Advance {
  private static final double SHARE_OF_ATTEMPT = 0.75;

  private final Progress listener;
  private double reached;

  Advance(Progress listener) {
    this.listener = listener;
  }

  /** The work has come at least this far. */
  void to(String phase, double fraction) {
    reached = Math.max(reached, Math.min(1, fraction));
    listener.at(phase, reached);
  }

  /** An attempt that may be followed by others, none of which goes beyond {@code end}. */
  Progress attempt(double end) {
    double from = reached;
    double span = Math.max(0, end - from) * SHARE_OF_ATTEMPT;
    return (phase, fraction) -> to(phase, from + span * Math.min(1, fraction));
  }
}
