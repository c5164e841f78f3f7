package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.cuda.device.CaptureLock;
import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.onnx.gpu.GpuOptions;
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.gpu.GpuSupport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CudaSupportTest {
  private static final String ILLEGAL_ADDRESS =
      "ONNX Runtime says: CUDA failure 700: an illegal memory access was encountered ; GPU=0 ;"
          + " hostname=h ; file=f ; line=1 ; expr=cudaStreamSynchronize(s);";

  private static final CudaReport READY =
      new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());

  private DriverAnswer answer = new DriverAnswer(0, 2, "libcuda.so.1");
  private final CudaSupport support =
      new CudaSupport(
          new HashMap<>(),
          () -> READY,
          () -> answer,
          ordinal -> {
            throw new AssertionError("No device is wanted.");
          });

  @Test
  void itIsFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(GpuSupport.class))
        .hasSize(1)
        .first()
        .isInstanceOf(CudaSupport.class);
  }

  @Test
  void withoutOptionsTheDefaultsAreThoseThatDoNotSurprise() {
    GpuSettings settings = support.settings(1, Optional.empty());
    assertThat(settings.memoryPattern()).isFalse();
    assertThat(settings.provider())
        .containsEntry("device_id", "1")
        .containsEntry("cudnn_conv_algo_search", "HEURISTIC")
        .containsEntry("arena_extend_strategy", "kSameAsRequested")
        .containsEntry("do_copy_in_default_stream", "1")
        .containsEntry("use_tf32", "1")
        .doesNotContainKey("gpu_mem_limit");
  }

  @Test
  void everyOptionReachesTheProvider() {
    CudaOptions options =
        CudaOptions.builder()
            .memoryLimitBytes(2L << 30)
            .arenaGrowth(CudaOptions.ArenaGrowth.DOUBLING)
            .convolutionSearch(CudaOptions.ConvolutionSearch.EXHAUSTIVE)
            .maximalWorkspace(false)
            .tf32(false)
            .copyInComputeStream(false)
            .channelsLast(true)
            .strictLayerNorm(true)
            .memoryPattern(true)
            .build();
    GpuSettings settings = support.settings(0, Optional.of(options.toBuilder().build()));
    assertThat(settings.memoryPattern()).isTrue();
    assertThat(settings.provider())
        .containsEntry("gpu_mem_limit", "2147483648")
        .containsEntry("arena_extend_strategy", "kNextPowerOfTwo")
        .containsEntry("cudnn_conv_algo_search", "EXHAUSTIVE")
        .containsEntry("cudnn_conv_use_max_workspace", "0")
        .containsEntry("use_tf32", "0")
        .containsEntry("do_copy_in_default_stream", "0")
        .containsEntry("prefer_nhwc", "1")
        .containsEntry("enable_skip_layer_norm_strict_mode", "1");
  }

  @Test
  void aMemoryLimitThatIsNoNumberOfBytesIsRefused() {
    assertThatThrownBy(() -> CudaOptions.builder().memoryLimitBytes(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("in bytes", "1048576", "4");
    assertThatThrownBy(() -> CudaOptions.builder().memoryLimitBytes(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void optionsOfAnotherMakeAreRefused() {
    GpuOptions other = new GpuOptions() {};
    assertThatThrownBy(() -> support.settings(0, Optional.of(other)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("CudaOptions");
  }

  @Test
  void whereFilesAndDriverAgreeNothingIsInTheWay() {
    assertThat(support.obstacle(1)).isEmpty();
  }

  @Test
  void bindingsThatCannotBeLoadedAreInTheWay() {
    answer = new DriverAnswer(0, 0, "libcuda.so.1", "libjnicudart.so: undefined symbol: x");
    assertThat(support.obstacle(0).orElseThrow())
        .contains("libjnicudart.so: undefined symbol: x.", "org.bytedeco:cuda:13.1");
  }

  @Test
  void wordsOfTheLoaderThatEndInAFullStopGetNoSecond() {
    answer = new DriverAnswer(0, 0, "libcuda.so.1", "Could not initialize it.");
    assertThat(support.obstacle(0).orElseThrow()).contains("Could not initialize it. Add");
  }

  @Test
  void whatIsMissingIsToldBeforeAnythingOfCudaIsLoaded() {
    CudaStatus status = new CudaStatus.NoGpu();
    CudaReport report = new CudaReport(status, List.of(status), List.of());
    CudaSupport withoutGpu =
        new CudaSupport(
            new HashMap<>(),
            () -> report,
            () -> {
              throw new AssertionError("The driver was asked.");
            },
            ordinal -> {
              throw new AssertionError("No device is wanted.");
            });
    assertThat(withoutGpu.obstacle(0)).hasValue(report.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 2, NoSuchDevice, cuda:0 to cuda:1",
    "0, 1, NoSuchDevice, only cuda:0",
    "100, 0, NoSuchDevice, none",
    "34, 0, StubDriver, /x/libcuda.so.1",
    "35, 0, DriverTooOld, 580",
    "3, 0, RuntimeFailed, CUDA error 3",
    "12345, 0, RuntimeFailed, CUDA error 12345"
  })
  void whatTheDriverSaysBecomesAStatus(int code, int devices, String status, String text) {
    DriverAnswer said = new DriverAnswer(code, devices, "/x/libcuda.so.1");
    CudaStatus problem = CudaSupport.problem(said, 2).orElseThrow();
    assertThat(problem.getClass().getSimpleName()).isEqualTo(status);
    assertThat(problem.text()).contains(text);
    answer = said;
    assertThat(support.obstacle(2).orElseThrow()).contains(problem.text(), problem.remedy());
  }

  @Test
  void afterAFatalFailureTheGpuIsLostAndTheOthersAreNot() {
    assertThat(support.isLost(0, ILLEGAL_ADDRESS)).isTrue();
    assertThat(support.obstacle(0).orElseThrow())
        .contains("lost the GPU cuda:0", "started anew", "illegal memory access");
    assertThat(support.obstacle(1).orElse("")).doesNotContain("lost");
  }

  @Test
  void whatIsDoneOutsideCapturesWaitsForTheOneThatIsUnderWay() throws InterruptedException {
    List<String> log = Collections.synchronizedList(new ArrayList<>());
    Thread opening = new Thread(() -> support.outsideCaptures(() -> log.add("opened")));
    Lock capture = CaptureLock.capturing();
    capture.lock();
    try {
      opening.start();
      while (opening.getState() != Thread.State.WAITING && opening.isAlive()) {
        Thread.onSpinWait();
      }
      log.add("captured");
    } finally {
      capture.unlock();
    }
    opening.join();
    assertThat(log).containsExactly("captured", "opened");
  }

  @Test
  void theFirstFailureIsTheOneThatIsKept() {
    assertThat(support.isLost(0, ILLEGAL_ADDRESS)).isTrue();
    assertThat(support.isLost(0, "CUDA failure 719: unspecified launch failure ; GPU=0")).isTrue();
    assertThat(support.obstacle(0).orElseThrow()).contains("700").doesNotContain("719");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA failure 2: out of memory ; GPU=0",
        "CUDA failure 1: invalid argument ; GPU=0",
        "CUDA failure 7000: no such error ; GPU=0",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
        "The input 'x' has 700 rows.",
        ""
      })
  void otherFailuresLeaveTheGpuUsable(String message) {
    assertThat(support.isLost(0, message)).isFalse();
    assertThat(support.obstacle(0).orElse("")).doesNotContain("lost");
  }

  @ParameterizedTest
  @ValueSource(ints = {700, 702, 710, 714, 715, 716, 717, 718, 719, 721})
  void whatEndsTheProcessForCudaIsFatal(int code) {
    assertThat(support.isLost(0, "CUDA failure " + code + ": words ; GPU=0")).isTrue();
  }
}
