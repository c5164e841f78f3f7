package dev.hone.cuda;

import static dev.hone.cuda.FakeSystem.BUS;
import static dev.hone.cuda.FakeSystem.LIBRARIES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.cuda.probe.FakeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Systems made of files, each with one thing wrong, or several. */
class CudaDiagnosticsTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // by JUnit
  Path root;

  private FakeSystem complete() {
    return FakeSystem.complete(root);
  }

  private static CudaReport finds(FakeSystem system, Class<?> status, String... remedyParts) {
    CudaReport report = system.report();
    assertThat(report.status()).as(report.toString()).isInstanceOf(status);
    assertThat(report.isReady()).isFalse();
    assertThat(report.status().remedy()).contains(remedyParts);
    assertThat(report.toString()).contains(report.status().text(), report.status().remedy());
    return report;
  }

  private static CudaReport findsOnly(FakeSystem system, Class<?> status, String... remedyParts) {
    CudaReport report = finds(system, status, remedyParts);
    assertThat(report.problems()).as(report.toString()).containsExactly(report.status());
    return report;
  }

  @Test
  void aCompleteSystemIsReady() {
    CudaReport report = complete().report();
    assertThat(report.problems()).as(report.toString()).isEmpty();
    assertThat(report.status())
        .isEqualTo(new CudaStatus.Ready("580.95.05", List.of("NVIDIA H100 80GB HBM3 at " + BUS)));
    assertThat(report.toString())
        .contains(
            "driver 580.95.05 and all libraries are in place", "libcudnn.so.9 in " + LIBRARIES);
  }

  @Test
  void theVersionOfALibraryIsToldWhereItsFileHasItInItsName() {
    FakeSystem system = complete().versioned(LIBRARIES + "/libcudnn.so.9", "19.0");
    assertThat(system.report().facts())
        .contains(
            "found: libcudnn.so.9 in " + LIBRARIES + " (libcudnn.so.9.19.0)",
            "found: libcufft.so.12 in " + LIBRARIES);
  }

  @Test
  void aGpuIsPutToWorkWhereTheFilesLeaveNothingToSay() {
    CudaReport files = complete().report();
    CudaReport report = CudaDiagnostics.withDriver(files, new FakeLiveGpu(0, 2, ""));
    assertThat(report.isReady()).isTrue();
    assertThat(report.toString())
        .startsWith(files.toString())
        .contains(
            "GPUs that the driver gives this process: 2",
            "cuDNN 9.19.0",
            "a small model computes on cuda:0 what it computes on the CPU");
  }

  @Test
  void aGpuThatComputesNonsenseIsNotReady() {
    CudaReport files = complete().report();
    CudaReport report =
        CudaDiagnostics.withDriver(files, new FakeLiveGpu(0, 1, "its answer has NaN"));
    assertThat(report.isReady()).isFalse();
    assertThat(report.problems())
        .containsExactly(new CudaStatus.CanaryFailed("its answer has NaN"));
    assertThat(report.toString())
        .contains("as it should: its answer has NaN.", CudaNeeds.BINDINGS, "cuDNN 9.19.0")
        .doesNotContain("what it computes on the CPU");
  }

  @Test
  void aMachineWhoseDriverGivesNoGpuIsNotReady() {
    CudaReport files = complete().report();
    CudaReport report = CudaDiagnostics.withDriver(files, new FakeLiveGpu(100, 0, ""));
    assertThat(report.isReady()).isFalse();
    assertThat(report.problems()).containsExactly(new CudaStatus.NoSuchDevice(0, 0));
    assertThat(report.facts()).isEqualTo(files.facts());
  }

  @Test
  void nothingIsLoadedWhereFilesAreMissing() {
    CudaReport files = FakeSystem.empty(root).report();
    FakeLiveGpu gpu = new FakeLiveGpu(0, 1, "");
    assertThat(CudaDiagnostics.withDriver(files, gpu)).isEqualTo(files);
    assertThat(gpu.asked).isZero();
  }

  /** Answers as it is told, and counts who asks. */
  private static final class FakeLiveGpu implements LiveGpu {
    private final DriverAnswer driver;
    private final String wrong;
    private int asked;

    FakeLiveGpu(int code, int devices, String wrong) {
      this.driver = new DriverAnswer(code, devices, "libcuda.so.1");
      this.wrong = wrong;
    }

    @Override
    public DriverAnswer driver() {
      asked++;
      return driver;
    }

    @Override
    public String cudnn() {
      asked++;
      return "cuDNN 9.19.0";
    }

    @Override
    public Optional<String> canary() {
      asked++;
      return wrong.isEmpty() ? Optional.empty() : Optional.of(wrong);
    }
  }

  @Test
  void aMachineWithNothingOfNvidiaIsToldAllAtOnce() {
    CudaReport report =
        finds(FakeSystem.empty(root), CudaStatus.NoGpu.class, "GPU of compute capability 7.5");
    assertThat(report.toString())
        .startsWith("The GPU cannot be used, for 4 reasons:\n1. This machine shows no NVIDIA GPU")
        .contains(
            "libcuda.so.1, needed by CUDA itself: comes with NVIDIA's driver",
            "libcublas.so.13, needed by libonnxruntime_providers_cuda.so: the package libcublas-13",
            "libcublasLt.so.13",
            "libcufft.so.12",
            "libcudnn.so.9",
            "libcudart.so.13",
            "classifier linux-x86_64-gpu");
  }

  @Test
  void anotherOperatingSystemIsToldBeforeAnythingElse() {
    findsOnly(complete().os("Mac OS X"), CudaStatus.UnsupportedPlatform.class, "Device.cpu()");
  }

  @Test
  void aGpuWithoutItsDriverIsRecognized() {
    FakeSystem system = FakeSystem.empty(root).gpu("0x2684", "NVIDIA GeForce RTX 4090");
    finds(system, CudaStatus.DriverNotLoaded.class, "Install NVIDIA's driver", "580.65");
  }

  @Test
  void aContainerThatWasNotGivenTheGpuIsRecognized() {
    FakeSystem system =
        complete()
            .without("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
            .without("/usr/lib/x86_64-linux-gnu/libcuda.so.1")
            .file("/.dockerenv", "");
    CudaReport report =
        finds(system, CudaStatus.GpuNotPassed.class, "--gpus all", "nvidia-container-toolkit");
    assertThat(report.toString()).contains("libcuda.so.1, needed by CUDA itself");
  }

  @Test
  void aPodIsToldTheWordsOfKubernetes() {
    FakeSystem system =
        complete()
            .without("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
            .environment("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    findsOnly(system, CudaStatus.GpuNotPassed.class, "nvidia.com/gpu: 1", "device plugin");
  }

  @Test
  void aDeviceFileThatIsMissingIsNamed() {
    CudaReport report =
        findsOnly(
            complete().without("/dev/nvidia-uvm"),
            CudaStatus.DeviceFilesMissing.class,
            "nvidia-modprobe");
    assertThat(report.status().text()).contains("/dev/nvidia-uvm").doesNotContain("nvidiactl");
  }

  @Test
  void aLoadedDriverWithoutAnyDeviceFileOutsideOfContainersIsNoContainer() {
    FakeSystem system = complete().without("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm");
    CudaReport report = findsOnly(system, CudaStatus.DeviceFilesMissing.class, "nvidia-modprobe");
    assertThat(report.status().text()).contains("/dev/nvidia0, /dev/nvidiactl, /dev/nvidia-uvm");
  }

  @Test
  void aUserWhoMayNotUseTheGpuIsToldSo() {
    CudaReport report =
        findsOnly(
            complete().denied("/dev/nvidia0"), CudaStatus.DeviceDenied.class, "group that owns");
    assertThat(report.status().text()).contains("/dev/nvidia0.");
  }

  @Test
  void aGpuThatCuda13HasLeftBehindIsNamed() {
    CudaReport report =
        findsOnly(
            complete().gpu("0x1db6", "Tesla V100-PCIE-32GB"),
            CudaStatus.ArchitectureTooOld.class,
            "newer GPU");
    assertThat(report.status().text()).contains("Tesla V100-PCIE-32GB", "7.5 (Turing)");
  }

  @Test
  void theOldestGpuThatWorksIsLeftInPeace() {
    assertThat(complete().gpu("0x1e04", "NVIDIA GeForce RTX 2080 Ti").report().isReady()).isTrue();
  }

  @Test
  void anOldDriverIsRecognized() {
    FakeSystem system = complete().kernelDriver("550.54.14").driverLibrary("550.54.14");
    CudaReport report = findsOnly(system, CudaStatus.DriverTooOld.class, "Update the driver");
    assertThat(report.status().text()).contains("580.65 or newer, but here is 550.54.14");
  }

  @Test
  void theCompatibilityPackageMakesAnOldDriverNewEnough() {
    FakeSystem system = complete().kernelDriver("550.54.14");
    String folder = "/usr/local/cuda-13.1/compat";
    new FakeLibrary("libcuda.so.1")
        .write(root.resolve(folder.substring(1) + "/libcuda.so.580.95.05"), 90L << 20);
    link(folder, "libcuda.so.580.95.05");
    system.environment("LD_LIBRARY_PATH", folder + ":" + LIBRARIES);
    assertThat(system.report().problems()).isEmpty();
  }

  private void link(String folder, String real) {
    try {
      Files.createSymbolicLink(root.resolve(folder.substring(1) + "/libcuda.so.1"), Path.of(real));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aDriverThatWasUpdatedUnderARunningKernelIsRecognized() {
    CudaReport report =
        findsOnly(
            complete().driverLibrary("590.44.01"), CudaStatus.DriverMismatch.class, "Start the");
    assertThat(report.status().text()).contains("580.95.05", "590.44.01");
  }

  @Test
  void aStubInPlaceOfTheDriverIsRecognizedByItsFolderOrItsSize() {
    FakeSystem system = complete().library(LIBRARIES + "/stubs", "libcuda.so.1");
    system.environment("LD_LIBRARY_PATH", LIBRARIES + "/stubs:" + LIBRARIES);
    findsOnly(system, CudaStatus.StubDriver.class, "out of LD_LIBRARY_PATH");
    system.library("/opt/image", "libcuda.so.1");
    system.environment("LD_LIBRARY_PATH", "/opt/image:" + LIBRARIES);
    CudaReport report = findsOnly(system, CudaStatus.StubDriver.class, "out of LD_LIBRARY_PATH");
    assertThat(report.status().text()).contains("/opt/image/libcuda.so.1");
  }

  @Test
  void theJarForTheCpuAloneIsRecognized() {
    findsOnly(
        complete().withoutProvider(),
        CudaStatus.ProviderMissing.class,
        "linux-x86_64-gpu",
        "org.bytedeco:onnxruntime:" + CudaNeeds.ONNX_RUNTIME);
  }

  @ParameterizedTest
  @CsvSource({
    "org/bytedeco/cuda/global/cudart.class, cuda-" + CudaNeeds.BINDINGS,
    "org/bytedeco/onnxruntime/OrtApi.class, onnxruntime-" + CudaNeeds.ONNX_RUNTIME
  })
  void theVersionsThatAreNamedAreThoseOfTheBuild(String inJar, String jar) {
    assertThat(Objects.requireNonNull(getClass().getClassLoader().getResource(inJar)).toString())
        .contains("/" + jar + ".jar!");
  }

  @Test
  void bindingsOfCudaWithoutTheirNativePartAreRecognized() {
    CudaReport report =
        findsOnly(
            complete().withoutBindings(),
            CudaStatus.BindingsMissing.class,
            "linux-x86_64",
            "org.bytedeco:cuda:" + CudaNeeds.BINDINGS);
    assertThat(report.status().text()).contains("libjnicudart.so is not on the class path");
  }

  @Test
  void wrongMajorsAreNamedBesideWhatIsNeeded() {
    FakeSystem system =
        complete()
            .without(LIBRARIES + "/libcublas.so.13", LIBRARIES + "/libcudnn.so.9")
            .library(LIBRARIES, "libcublas.so.12")
            .library(LIBRARIES, "libcudnn.so.8");
    CudaReport report =
        findsOnly(system, CudaStatus.LibrariesMissing.class, "to the number at the end");
    assertThat(report.status().text())
        .contains(
            "libcublas.so.13, needed by libonnxruntime_providers_cuda.so (/usr/local/cuda/lib64 has"
                + " libcublas.so.12, which is another major version): the package libcublas-13-1",
            "has libcudnn.so.8, which is another major version): the package libcudnn9-cuda-13");
  }

  @Test
  void librariesWhereNobodyLooksAreFoundForTheUser() {
    CudaReport report =
        findsOnly(
            complete().environment("LD_LIBRARY_PATH", ""),
            CudaStatus.LibrariesMissing.class,
            "LD_LIBRARY_PATH before Java starts");
    assertThat(report.status().text())
        .contains(
            "it is in /usr/local/cuda/lib64, where nobody looks: add that to LD_LIBRARY_PATH");
  }

  @Test
  void aFolderThatMayNotBeReadIsTold() {
    CudaReport report =
        findsOnly(
            complete().denied(LIBRARIES),
            CudaStatus.LibrariesMissing.class,
            "Install what is named");
    assertThat(report.status().text()).contains("the folder /usr/local/cuda/lib64 cannot be read");
  }

  @Test
  void aLibraryForAnotherProcessorAndAFileThatIsNoneAreTold() {
    FakeSystem system =
        complete().file(LIBRARIES + "/libcufft.so.12", "version https://git-lfs\n".repeat(4));
    new FakeLibrary("libcudnn.so.9")
        .arm()
        .write(root.resolve(LIBRARIES.substring(1) + "/libcudnn.so.9"), 0);
    CudaReport report =
        findsOnly(system, CudaStatus.LibrariesMissing.class, "Install what is named");
    assertThat(report.status().text())
        .contains(
            "libcufft.so.12 cannot be loaded: it is no ELF file): the package libcufft-13-1",
            "libcudnn.so.9 is for another processor): the package libcudnn9-cuda-13");
  }

  @Test
  void whatALibraryNeedsInItsTurnIsMissedToo() {
    CudaReport report =
        findsOnly(
            complete().library(LIBRARIES, "libcudnn.so.9", "libcudnn_graph.so.9", "libz.so.1"),
            CudaStatus.LibrariesMissing.class,
            "Install what is named");
    assertThat(report.status().text())
        .contains(
            "libcudnn_graph.so.9, needed by libcudnn.so.9: the package libcudnn9-cuda-13",
            "libz.so.1, needed by libcudnn.so.9: the package of your system that has it");
  }

  @Test
  void aProviderThatWasUnpackedBeforeTellsItselfWhatItNeeds() {
    FakeSystem system =
        complete().unpackedProvider("libcurand.so.10", "libonnxruntime_providers_shared.so");
    CudaReport report =
        findsOnly(system, CudaStatus.LibrariesMissing.class, "Install what is named");
    assertThat(report.status().text()).contains("libcurand.so.10").doesNotContain("_shared");
  }

  @Test
  void linuxUnderWindowsNeedsNoDeviceFilesAndHasASmallDriver() {
    FakeSystem system =
        complete()
            .without("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
            .without("/proc/driver/nvidia/version", "/usr/lib/x86_64-linux-gnu/libcuda.so.1")
            .file("/dev/dxg", "")
            .library("/usr/lib/wsl/lib", "libcuda.so.1")
            .cached("/usr/lib/wsl/lib/libcuda.so.1");
    assertThat(system.report().problems()).isEmpty();
  }

  @Test
  void theProblemsComeInTheOrderInWhichTheyMustBePutRight() {
    CudaReport report =
        complete()
            .gpu("0x1b06", "NVIDIA GeForce GTX 1080 Ti")
            .kernelDriver("470.82.01")
            .driverLibrary("470.82.01")
            .without(LIBRARIES + "/libcudnn.so.9")
            .withoutProvider()
            .report();
    assertThat(report.problems())
        .extracting(problem -> (Object) problem.getClass())
        .containsExactly(
            CudaStatus.ArchitectureTooOld.class,
            CudaStatus.DriverTooOld.class,
            CudaStatus.ProviderMissing.class,
            CudaStatus.LibrariesMissing.class);
  }
}
