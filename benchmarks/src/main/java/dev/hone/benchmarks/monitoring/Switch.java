package dev.hone.benchmarks.monitoring;

import dev.hone.metrics.Capacity;
import dev.hone.metrics.ForwardingRecorder;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;

/**
 * Counts while it is on, and is as good as none while it is off: so one session can be measured
 * watched and not watched. Two sessions of the same model would differ by where their weights lie.
 */
final class Switch extends ForwardingRecorder {
  private final Recorder counting = Recorder.counting("watched", Capacity.of(1), Gauges.NONE);
  private volatile boolean on;

  void set(boolean on) {
    this.on = on;
  }

  @Override
  public boolean isEnabled() {
    return on;
  }

  @Override
  protected Recorder target() {
    return counting;
  }
}
