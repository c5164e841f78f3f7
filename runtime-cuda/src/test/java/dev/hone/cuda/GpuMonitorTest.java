package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.hone.cuda.device.CudaApi;
import dev.hone.cuda.device.NvmlApi;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a GPU is doing, told by a library that is a fake. */
class GpuMonitorTest {
  private static final String SITS = "0000:65:00.0";
  private static final long DEVICE = 4711;
  private static final int NOT_SUPPORTED = 3;
  private static final int DRIVER_NOT_LOADED = 9;

  private final List<String> calls = new ArrayList<>();
  private final AtomicLong clock = new AtomicLong();
  private int initCode;
  private int powerCode;
  private String known = SITS;

  private GpuMonitor monitor(String pciBusId) {
    return new GpuMonitor(
        () -> pciBusId,
        () -> {
          calls.add("load");
          return new FakeNvml();
        },
        clock::get);
  }

  @Test
  void aReadingHasEveryFigureInItsUnit() {
    try (GpuMonitor monitor = monitor(SITS)) {
      assertThat(calls).isEmpty();
      assertThat(monitor.read()).isEqualTo(new GpuReading(0.37, 3_000, 80_000, 61, 312.5));
    }
    assertThat(calls).containsExactly("load", "init", "device", "read", "shutdown");
  }

  @Test
  void severalGaugesCostOneReadingASecond() {
    try (GpuMonitor monitor = monitor(SITS)) {
      monitor.read();
      clock.addAndGet(999_999_999);
      monitor.read();
      assertThat(calls).containsOnlyOnce("read");
      clock.addAndGet(1);
      monitor.read();
      assertThat(calls).filteredOn("read"::equals).hasSize(2);
    }
  }

  @Test
  void aFigureThatTheDeviceDoesNotTellIsMissingAlone() {
    powerCode = NOT_SUPPORTED;
    try (GpuMonitor monitor = monitor(SITS)) {
      assertThat(monitor.read().watts()).isNaN();
      assertThat(monitor.read().celsius()).isEqualTo(61);
    }
  }

  @Test
  void whereTheLibraryIsNotThereNothingIsToldAndItIsNotTriedAgain() {
    initCode = NvmlApi.LIBRARY_NOT_FOUND;
    try (GpuMonitor monitor = monitor(SITS)) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
      clock.addAndGet(5_000_000_000L);
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
    }
    assertThat(calls).containsExactly("load", "init");
  }

  @Test
  void aLibraryThatIsNotReadyYetIsTriedAgain() {
    initCode = DRIVER_NOT_LOADED;
    try (GpuMonitor monitor = monitor(SITS)) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
      initCode = 0;
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE); // kept for a second
      clock.addAndGet(1_000_000_000);
      assertThat(monitor.read().celsius()).isEqualTo(61);
    }
    assertThat(calls).containsExactly("load", "init", "load", "init", "device", "read", "shutdown");
  }

  @Test
  void aDeviceThatTheLibraryDoesNotKnowTellsNothingUntilItDoes() {
    known = "0000:01:00.0";
    try (GpuMonitor monitor = monitor(SITS)) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
      known = SITS;
      clock.addAndGet(1_000_000_000);
      assertThat(monitor.read().celsius()).isEqualTo(61);
    }
    assertThat(calls).containsExactly("load", "init", "device", "device", "read", "shutdown");
  }

  @Test
  void aGpuThatCanBeUsedLaterIsReadLater() {
    AtomicReference<String> sits = new AtomicReference<>("");
    try (GpuMonitor monitor = new GpuMonitor(sits::get, FakeNvml::new, clock::get)) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
      sits.set(SITS);
      clock.addAndGet(1_000_000_000);
      assertThat(monitor.read().celsius()).isEqualTo(61);
    }
  }

  @Test
  void whereAGpuSitsIsAskedWithoutAnyOtherUseOfIt() {
    CudaApi cuda =
        (CudaApi)
            Proxy.newProxyInstance(
                CudaApi.class.getClassLoader(),
                new Class<?>[] {CudaApi.class},
                (proxy, method, arguments) -> {
                  assertThat(method.getName()).isEqualTo("pciBusId");
                  ((String[]) arguments[0])[0] = SITS;
                  return 0;
                });
    assertThat(GpuMonitor.whereItSits(cuda)).isEqualTo(SITS);
  }

  @Test
  void whereNoGpuCanBeUsedTheLibraryIsNotLoaded() {
    try (GpuMonitor monitor = monitor("")) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
    }
    assertThat(calls).isEmpty();
  }

  @Test
  void onAMachineWithoutAGpuItIsQuiet() {
    assumeFalse(CudaDiagnostics.report().isReady(), "a GPU can be used here");
    try (GpuMonitor monitor = GpuMonitor.of(0)) {
      assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
    }
  }

  @Test
  void afterClosingNothingIsToldAndTheLibraryIsLeftOnce() {
    GpuMonitor monitor = monitor(SITS);
    monitor.read();
    monitor.close();
    monitor.close();
    assertThat(monitor.read()).isEqualTo(GpuReading.NONE);
    assertThat(calls).filteredOn("shutdown"::equals).hasSize(1);
  }

  private final class FakeNvml implements NvmlApi {
    @Override
    public int init() {
      calls.add("init");
      return initCode;
    }

    @Override
    public int device(String pciBusId, long[] device) {
      calls.add("device");
      device[0] = DEVICE;
      return pciBusId.equals(known) ? 0 : 6;
    }

    @Override
    public int utilization(long device, int[] percent) {
      assertThat(device).isEqualTo(DEVICE);
      calls.add("read");
      percent[0] = 37;
      return 0;
    }

    @Override
    public int memory(long device, long[] usedAndTotal) {
      usedAndTotal[0] = 3_000;
      usedAndTotal[1] = 80_000;
      return 0;
    }

    @Override
    public int temperature(long device, int[] celsius) {
      celsius[0] = 61;
      return 0;
    }

    @Override
    public int power(long device, int[] milliwatts) {
      milliwatts[0] = 312_500;
      return powerCode;
    }

    @Override
    public int shutdown() {
      calls.add("shutdown");
      return 0;
    }
  }
}
