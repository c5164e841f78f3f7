package dev.hone.cuda.lane;

import dev.hone.SessionReport;
import dev.hone.metrics.Recorder;

/**
 * How a session on lanes is.
 *
 * @param lanes how many, at least 1; each has two slots and its own state of the model
 * @param name its name in events
 * @param recorder told of each run
 * @param report what it says of itself
 */
public record LaneSettings(int lanes, String name, Recorder recorder, SessionReport report) {
  /** Refuses what is no number of lanes. */
  public LaneSettings {
    if (lanes < 1) {
      throw new IllegalArgumentException("A session needs at least 1 lane, not " + lanes + ".");
    }
  }
}
