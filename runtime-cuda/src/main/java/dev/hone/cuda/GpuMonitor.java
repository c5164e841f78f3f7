package dev.hone.cuda;

import dev.hone.cuda.device.CudaApi;
import dev.hone.cuda.device.DeviceProperties;
import dev.hone.cuda.device.NvmlApi;
import dev.hone.cuda.driver.RealCuda;
import dev.hone.cuda.driver.RealNvml;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches a GPU, for metrics:
 *
 * <pre>{@code
 * GpuMonitor gpu = GpuMonitor.of(0);
 * Gauge.builder("gpu.utilization", gpu, g -> g.read().utilization()).register(registry);
 * Gauge.builder("gpu.memory.used", gpu, g -> g.read().usedBytes()).register(registry);
 * }</pre>
 *
 * <p>NVIDIA's management library is loaded with the first reading. Where it is not there, or where
 * no GPU can be used, readings tell nothing, and nobody is warned. A reading is kept for a second,
 * so several gauges cost one. Thread-safe. Never run on a GPU yet.
 */
public final class GpuMonitor implements AutoCloseable {
  private static final long KEPT_NANOS = 1_000_000_000;

  private final Supplier<String> pciBusId;
  private final Supplier<NvmlApi> library;
  private final LongSupplier clock;
  private @Nullable NvmlApi nvml;
  private OptionalLong device = OptionalLong.empty();
  private boolean begun;
  private boolean closed;
  private long readNanos;
  private @Nullable GpuReading kept;

  GpuMonitor(Supplier<String> pciBusId, Supplier<NvmlApi> library, LongSupplier clock) {
    this.pciBusId = pciBusId;
    this.library = library;
    this.clock = clock;
  }

  /**
   * Of one GPU; loads nothing yet.
   *
   * @param ordinal its number as CUDA counts, from 0
   */
  public static GpuMonitor of(int ordinal) {
    return new GpuMonitor(() -> whereItSits(ordinal), RealNvml::new, System::nanoTime);
  }

  /** Empty where CUDA cannot be loaded or has no such device. */
  private static String whereItSits(int ordinal) {
    if (!CudaDiagnostics.report().isReady()) {
      return "";
    }
    try {
      return whereItSits(new RealCuda(ordinal));
    } catch (LinkageError e) {
      return "";
    }
  }

  static String whereItSits(CudaApi cuda) {
    DeviceProperties[] properties = new DeviceProperties[1];
    return cuda.properties(properties) == 0 ? properties[0].pciBusId() : "";
  }

  /** What it is doing now, or was a second ago at most; all unknown where nobody tells. */
  public synchronized GpuReading read() {
    long now = clock.getAsLong();
    GpuReading known = kept;
    if (known == null || now - readNanos >= KEPT_NANOS) {
      known = readNow();
      kept = known;
      readNanos = now;
    }
    return known;
  }

  private GpuReading readNow() {
    begin();
    NvmlApi from = nvml;
    if (from == null || device.isEmpty()) {
      return GpuReading.NONE;
    }
    long which = device.getAsLong();
    int[] number = new int[1];
    long[] bytes = new long[2];
    double utilization = from.utilization(which, number) == 0 ? number[0] / 100.0 : Double.NaN;
    boolean memory = from.memory(which, bytes) == 0;
    double celsius = from.temperature(which, number) == 0 ? number[0] : Double.NaN;
    double watts = from.power(which, number) == 0 ? number[0] / 1000.0 : Double.NaN;
    return new GpuReading(
        utilization, memory ? bytes[0] : -1, memory ? bytes[1] : -1, celsius, watts);
  }

  /** Once: what cannot be loaded once cannot be loaded later. */
  private void begin() {
    if (begun || closed) {
      return;
    }
    begun = true;
    String sits = pciBusId.get();
    if (sits.isEmpty()) {
      return;
    }
    NvmlApi loaded = library.get();
    if (loaded.init() != 0) {
      return;
    }
    nvml = loaded;
    long[] found = new long[1];
    if (loaded.device(sits, found) == 0) {
      device = OptionalLong.of(found[0]);
    }
  }

  /** Ends the use of the library; readings tell nothing from now on. */
  @Override
  public synchronized void close() {
    closed = true;
    kept = null;
    NvmlApi loaded = nvml;
    if (loaded != null) {
      nvml = null;
      loaded.shutdown();
    }
  }
}
