package dev.hone.onnx;

import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.GpuOptions;
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.gpu.GpuSupport;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Support for GPUs that are there, until a message says "lost". */
final class FakeGpu implements GpuSupport {
  static final int RUNS_AT_ONCE = 6;
  static final String LOST = "lost: CUDA failure 700";

  private final Optional<String> obstacle;
  private Optional<String> lost = Optional.empty();

  private FakeGpu(Optional<String> obstacle) {
    this.obstacle = obstacle;
  }

  static FakeGpu ready() {
    return new FakeGpu(Optional.empty());
  }

  static FakeGpu withObstacle(String obstacle) {
    return new FakeGpu(Optional.of(obstacle));
  }

  @Override
  public synchronized Optional<String> obstacle(int ordinal) {
    return lost.or(() -> obstacle);
  }

  @Override
  public GpuSettings settings(int ordinal, Optional<GpuOptions> options) {
    return new GpuSettings(Map.of("device_id", Integer.toString(ordinal)), false, RUNS_AT_ONCE);
  }

  @Override
  public Session open(
      int ordinal, GpuModel model, Optional<GpuOptions> options, SessionReport report) {
    throw new UnsupportedOperationException("This fake has no lanes.");
  }

  @Override
  public <T> T outsideCaptures(Supplier<T> work) {
    return work.get();
  }

  @Override
  public synchronized boolean isLost(int ordinal, String message) {
    boolean isLost = message.contains("lost");
    if (isLost) {
      lost = Optional.of(message);
    }
    return isLost;
  }
}
