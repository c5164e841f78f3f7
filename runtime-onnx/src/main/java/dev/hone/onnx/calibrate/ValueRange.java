package dev.hone.onnx.calibrate;

/**
 * The numbers that a value may take.
 *
 * @param lo the least
 * @param hi the greatest
 */
public record ValueRange(float lo, float hi) {
  /** Refuses ends that are NaN or in the wrong order. */
  public ValueRange {
    if (!(lo <= hi)) {
      throw new IllegalArgumentException(
          "A range needs its least below its greatest number, but they are " + lo + " and " + hi);
    }
  }

  /** The part of it that another range holds too, or the nearest point of it. */
  public ValueRange within(ValueRange outer) {
    float low = Math.min(Math.max(lo, outer.lo), outer.hi);
    return new ValueRange(low, Math.max(low, Math.min(hi, outer.hi)));
  }
}
