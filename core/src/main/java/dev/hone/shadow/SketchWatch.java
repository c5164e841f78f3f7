package dev.hone.shadow;

import dev.hone.Batch;
import java.util.HashMap;
import java.util.Map;

/** Compares the features of recent requests with the reference. Used by one thread. */
final class SketchWatch {
  /** From this index on it is another population. */
  static final double SHIFTED = 0.25;

  private static final int RECENT = 1_000;
  private static final int FEWEST = 200;

  private final Map<String, Recent> features = new HashMap<>();
  private final Map<String, Double> shifts = new HashMap<>();

  SketchWatch(Map<String, Sketch> sketches) {
    sketches.forEach((name, sketch) -> features.put(name, new Recent(sketch)));
  }

  /** The last values of one feature. */
  private static final class Recent {
    private final Sketch sketch;
    private final double[] values = new double[RECENT];
    private long seen;

    Recent(Sketch sketch) {
      this.sketch = sketch;
    }
  }

  /** Takes a request in; returns whether a feature left the reference just now. */
  boolean observe(Batch in, Batch out) {
    boolean[] left = new boolean[1];
    Features.tell(in, out, (name, values) -> left[0] |= observe(name, values));
    return left[0];
  }

  private boolean observe(String name, double[] values) {
    Recent recent = features.get(name);
    if (recent == null) {
      return false;
    }
    for (double value : values) {
      recent.values[(int) (recent.seen++ % RECENT)] = value;
    }
    if (recent.seen < FEWEST) {
      return false;
    }
    double shift = recent.sketch.shift(recent.values, (int) Math.min(recent.seen, RECENT));
    Double before = shifts.put(name, shift);
    return shift > SHIFTED && (before == null || before <= SHIFTED);
  }

  Map<String, Double> shifts() {
    return Map.copyOf(shifts);
  }
}
