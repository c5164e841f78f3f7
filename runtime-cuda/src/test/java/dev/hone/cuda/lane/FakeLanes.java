package dev.hone.cuda.lane;

import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.SessionReport;
import dev.hone.contract.ReferenceModel;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import java.util.List;

/** Sessions on lanes of a fake device. */
final class FakeLanes {
  static final int LANES = 4;

  private FakeLanes() {}

  static LaneSettings settings(int lanes) {
    return settings(lanes, 0);
  }

  static LaneSettings settings(int lanes, int maxGraphs) {
    return new LaneSettings(
        lanes,
        maxGraphs,
        "fake",
        Recorder.counting("fake", Capacity.of(2 * lanes), new Gauges() {}),
        new SessionReport("fake device", Device.cuda(0), Precision.FP32, 1, List.of(), List.of()));
  }

  /** A session that owns its device, and fails to close if the device was used wrongly. */
  static LaneSession open(ReferenceModel model, long seed, int maxGraphs) {
    FakeCuda cuda = new FakeCuda(seed);
    CudaDevice device = new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT);
    return LaneSession.open(
        device,
        new ReferenceStreamModel(cuda, model),
        settings(LANES, maxGraphs),
        () -> {
          device.close();
          if (!cuda.violations().isEmpty()) {
            throw new AssertionError(cuda.violations());
          }
        });
  }
}
