package dev.hone.cuda.lane;

import dev.hone.SessionReport;
import dev.hone.metrics.Recorder;

/**
 * How a session on lanes is.
 *
 * @param lanes how many, at least 1; each has two slots and its own state of the model
 * @param maxGraphs for how many sets of shapes each slot may capture a CUDA graph; 0 for none. A
 *     graph keeps memory of its own until the session is closed
 * @param name its name in events
 * @param recorder told of each run
 * @param report what it says of itself
 */
public record LaneSettings(
    int lanes, int maxGraphs, String name, Recorder recorder, SessionReport report) {
  /** How many runs a session with so many lanes takes at once. */
  public static int runsAtOnce(int lanes) {
    return Lane.SLOTS * lanes;
  }

  /** Refuses what is no number of lanes or graphs. */
  public LaneSettings {
    if (lanes < 1) {
      throw new IllegalArgumentException("A session needs at least 1 lane, not " + lanes + ".");
    }
    if (maxGraphs < 0) {
      throw new IllegalArgumentException("There cannot be " + maxGraphs + " graphs; 0 is none.");
    }
  }
}
