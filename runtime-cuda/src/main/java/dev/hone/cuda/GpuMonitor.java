package dev.hone.cuda;

import dev.hone.cuda.device.CudaApi;
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
 * GpuMonitor monitor = GpuMonitor.of(0);
 * new GpuMetrics("cuda:0", monitor::read).bindTo(registry);
 * }</pre>
 *
 * <p>NVIDIA's management library is loaded with the first reading, which makes no context on the
 * GPU. Where the library is not there, or where no GPU can be used, readings tell nothing, and
 * nobody is warned; what may come later, such as a driver that is being loaded, is tried again with
 * later readings. A reading is kept for a second, so several gauges cost one. Thread-safe. Never
 * run on a GPU yet.
 */
public final class GpuMonitor implements AutoCloseable {
  private static final long KEPT_NANOS = 1_000_000_000;

  private final Supplier<String> pciBusId;
  private final Supplier<NvmlApi> library;
  private final LongSupplier clock;
  private @Nullable NvmlApi nvml;
  private OptionalLong device = OptionalLong.empty();
  private boolean hopeless; // what cannot be loaded once cannot be loaded later
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
    if (!KeptReport.HERE.get().isReady()) {
      return "";
    }
    try {
      return whereItSits(new RealCuda(ordinal));
    } catch (LinkageError e) {
      return "";
    }
  }

  static String whereItSits(CudaApi cuda) {
    String[] id = new String[1];
    return cuda.pciBusId(id) == 0 ? id[0] : "";
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
    if (device.isEmpty() && !hopeless && !closed) {
      findDevice();
    }
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

  private void findDevice() {
    String sits = pciBusId.get();
    NvmlApi ready = sits.isEmpty() ? null : ready();
    long[] found = new long[1];
    if (ready != null && ready.device(sits, found) == 0) {
      device = OptionalLong.of(found[0]);
    }
  }

  /** The library, in use from now on; null where it cannot be used now. */
  private @Nullable NvmlApi ready() {
    if (nvml == null) {
      NvmlApi loaded = library.get();
      int code = loaded.init();
      hopeless = code == NvmlApi.LIBRARY_NOT_FOUND;
      nvml = code == 0 ? loaded : null;
    }
    return nvml;
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
