package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * ONNX Runtime's real CUDA provider on libraries of a few lines, which say that there is one GPU
 * and that the first use of it is an illegal access to memory. It shows what the provider takes and
 * how it words a failure; it computes nothing.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RealProviderTest {
  private static final List<String> EMPTY =
      List.of(
          "libcublasLt.so.13",
          "libcublas.so.13",
          "libcufft.so.12",
          "libcudnn.so.9",
          "libcuda.so.1");

  /** What is called while the provider is loaded, and until it says what went wrong. */
  private static final String RUNTIME =
      """
      void *__cudaRegisterFatBinary(void) { return 0; }
      void __cudaRegisterFatBinaryEnd(void) {}
      void __cudaUnregisterFatBinary(void) {}
      void __cudaRegisterFunction(void) {}
      void __cudaRegisterVar(void) {}
      int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
      int cudaGetDevice(int *device) { *device = 0; return 0; }
      int cudaSetDevice(int device) { return 700; }
      int cudaDeviceSynchronize(void) { return 700; }
      int cudaMalloc(void) { return 700; }
      int cudaMallocHost(void) { return 700; }
      int cudaHostAlloc(void) { return 700; }
      int cudaMemGetInfo(void) { return 700; }
      int cudaGetDeviceProperties(void) { return 700; }
      int cudaDeviceGetAttribute(void) { return 700; }
      int cudaStreamCreateWithFlags(void) { return 700; }
      int cudaFree(void) { return 0; }
      int cudaFreeHost(void) { return 0; }
      int cudaStreamSynchronize(void) { return 700; }
      int cudaStreamDestroy(void) { return 0; }
      int cudaGetLastError(void) { return 0; }
      const char *cudaGetErrorString(int error) { return "an illegal memory access"; }
      const char *cudaGetErrorName(int error) { return "cudaErrorIllegalAddress"; }
      """;

  @BeforeEach
  void onlyWithTheProvider() {
    assumeTrue(
        ChildJvm.classPath().stream().anyMatch(jar -> jar.endsWith("linux-x86_64-gpu.jar")),
        "ONNX Runtime's form for GPUs is on the class path with -Pgpu only");
  }

  private static ChildJvm open(Path folder, String kind) throws IOException, InterruptedException {
    for (String soname : EMPTY) {
      SmallLibrary.empty(folder, soname);
    }
    SmallLibrary.compile(folder, "libcudart.so.13", RUNTIME);
    List<String> withoutCuda =
        ChildJvm.classPath().stream().filter(jar -> !jar.contains("/bytedeco/cuda")).toList();
    Map<String, String> environment = Map.of("LD_LIBRARY_PATH", folder.toString());
    return ChildJvm.run(folder, environment, withoutCuda, List.of(), Opening.class, kind);
  }

  @Test
  void everyOptionIsTakenAndAFatalFailureOfTheGpuIsKnownByItsWords(@TempDir Path folder)
      throws Exception {
    for (String kind : new String[] {"defaults", "all"}) {
      ChildJvm child = open(folder, kind);
      assertThat(child.value("message")).contains("CUDA failure 700: an illegal memory access");
      assertThat(child.value("lost")).isEqualTo("true");
      assertThat(child.value("obstacle")).contains("lost the GPU cuda:0");
    }
  }

  @Test
  void anOptionThatTheProviderDoesNotKnowIsNotPassedOver(@TempDir Path folder) throws Exception {
    ChildJvm child = open(folder, "unknown");
    assertThat(child.value("message")).contains("no_such_option").doesNotContain("700");
    assertThat(child.value("lost")).isEqualTo("false");
  }

  /** What the child runs. */
  static final class Opening {
    private Opening() {}

    public static void main(String... args) {
      CudaOptions all =
          CudaOptions.builder()
              .memoryLimitBytes(1L << 30)
              .arenaGrowth(CudaOptions.ArenaGrowth.DOUBLING)
              .convolutionSearch(CudaOptions.ConvolutionSearch.EXHAUSTIVE)
              .maximalWorkspace(false)
              .tf32(false)
              .copyInComputeStream(false)
              .channelsLast(true)
              .strictLayerNorm(true)
              .build();
      CudaOptions options = args[0].equals("all") ? all : CudaOptions.DEFAULT;
      Map<String, String> provider = new TreeMap<>(options.providerOptions(0));
      if (args[0].equals("unknown")) {
        provider.put("no_such_option", "1");
      }
      CudaReport ready =
          new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());
      CudaSupport support =
          new CudaSupport(
              new HashMap<>(),
              () -> ready,
              () -> new DriverAnswer(0, 1, "libcuda.so.1"),
              ordinal -> {
                throw new AssertionError("No device is wanted.");
              });
      try {
        open(provider, args[0].equals("all")).close();
      } catch (HoneException e) {
        String message = String.valueOf(e.getMessage()).replace('\n', ' ');
        System.out.println("message=" + message);
        System.out.println("lost=" + support.isLost(0, message));
        System.out.println("obstacle=" + support.obstacle(0).orElse(""));
      }
    }

    private static NativeSession open(Map<String, String> provider, boolean graphs) {
      Model model = OneProduct.model();
      OrtSettings settings = OrtSettings.plain(provider);
      OrtSettings how = graphs ? settings.withGraphs() : settings;
      return NativeSession.open(
          model.source(), model.signature(), how, "model", Recorder.disabled());
    }
  }
}
