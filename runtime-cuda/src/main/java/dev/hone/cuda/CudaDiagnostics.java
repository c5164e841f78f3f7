package dev.hone.cuda;

import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.cuda.probe.DriverVersion;
import dev.hone.cuda.probe.ElfFile;
import dev.hone.cuda.probe.Gpu;
import dev.hone.cuda.probe.LibrarySearch;
import dev.hone.cuda.probe.Machine;
import dev.hone.cuda.probe.SystemFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Tells why the GPU does not start, all reasons at once, each with what to do about it:
 *
 * <pre>{@code
 * System.out.println(CudaDiagnostics.report());
 * }</pre>
 *
 * <p>Reads files only: device files, the driver's version, the headers of libraries. Nothing is
 * loaded, so looking costs milliseconds, or a tenth of a second in a process that has just begun,
 * and cannot spoil anything for later. What only a GPU at work tells it does not: one that is
 * broken, or out of memory, looks ready here. {@link #withDriver} puts it to work, where the files
 * leave nothing to say.
 */
public final class CudaDiagnostics {
  /** A real libcuda.so.1 has many megabytes; those for linking have some dozen kilobytes. */
  private static final long SMALLEST_DRIVER_BYTES = 1 << 20;

  private final Machine machine;
  private final SystemFacts facts;
  private final LibrarySearch.Outcome libraries;
  private final List<CudaStatus> problems = new ArrayList<>();

  private CudaDiagnostics(Machine machine) {
    this.machine = machine;
    this.facts = SystemFacts.read(machine.files(), machine.environment());
    this.libraries =
        new LibrarySearch(
                machine.files(),
                ElfFile.X86_64,
                machine.environment().getOrDefault("LD_LIBRARY_PATH", ""),
                machine::hasLibrary)
            .find(CudaNeeds.of(machine));
  }

  /**
   * What is in the way on this machine. Looks anew at each call; sessions, which ask at each
   * opening, keep the answer for a while. Thread-safe.
   */
  public static CudaReport report() {
    return report(Machine.here());
  }

  static CudaReport report(Machine machine) {
    if (!machine.isSupported()) {
      CudaStatus status =
          new CudaStatus.UnsupportedPlatform(machine.os() + " on " + machine.arch());
      return new CudaReport(status, List.of(status), List.of());
    }
    return new CudaDiagnostics(machine).look();
  }

  /**
   * What is in the way on this machine. Where reading files finds nothing, the driver is asked for
   * GPUs, as a session that wants one does, then cuDNN for its version, and at last a small model
   * is run on the first GPU and its answer compared with that of the CPU. Then CUDA's libraries are
   * loaded, and stay loaded; it takes some seconds.
   */
  public static CudaReport withDriver() {
    return withDriver(report(), LiveGpu.HERE);
  }

  static CudaReport withDriver(CudaReport files, LiveGpu gpu) {
    if (!files.isReady()) {
      return files;
    }
    DriverAnswer answer = gpu.driver();
    List<String> facts = new ArrayList<>(files.facts());
    Optional<CudaStatus> problem = CudaSupport.problem(answer, 0);
    if (problem.isEmpty()) {
      facts.add("GPUs that the driver gives this process: " + answer.devices());
      facts.add(gpu.cudnn());
      problem = gpu.canary().map(CudaStatus.CanaryFailed::new);
    }
    if (problem.isPresent()) {
      return new CudaReport(problem.get(), List.of(problem.get()), facts);
    }
    facts.add("a small model computes on cuda:0 what it computes on the CPU");
    return new CudaReport(files.status(), List.of(), facts);
  }

  private CudaReport look() {
    lookAtDevices();
    lookAtDriver();
    if (!machine.hasProvider()) {
      problems.add(new CudaStatus.ProviderMissing());
    }
    if (!machine.hasLibrary(CudaNeeds.BINDING_LIBRARY)) {
      problems.add(
          new CudaStatus.BindingsMissing(CudaNeeds.BINDING_LIBRARY + " is not on the class path"));
    }
    if (!libraries.missing().isEmpty()) {
      problems.add(
          new CudaStatus.LibrariesMissing(
              libraries.missing().stream().map(CudaDiagnostics::missing).toList()));
    }
    CudaStatus status =
        problems.isEmpty()
            ? new CudaStatus.Ready(facts.driver().map(DriverVersion::text).orElse(""), gpus())
            : problems.get(0);
    return new CudaReport(status, problems, factLines());
  }

  private List<String> gpus() {
    return facts.gpus().stream().map(Gpu::toString).toList();
  }

  private static MissingLibrary missing(LibrarySearch.Missing library) {
    return new MissingLibrary(
        library.soname(), library.neededBy(), CudaNeeds.source(library.soname()), library.hints());
  }

  private void lookAtDevices() {
    if (facts.windows()) {
      return; // there the driver is that of Windows, and no device file tells
    }
    if (facts.nodes().isEmpty()) {
      problems.add(absence());
    } else {
      if (!facts.missingNodes().isEmpty()) {
        problems.add(new CudaStatus.DeviceFilesMissing(facts.missingNodes()));
      }
      if (!facts.denied().isEmpty()) {
        problems.add(new CudaStatus.DeviceDenied(facts.denied()));
      }
    }
    if (!facts.gpus().isEmpty() && facts.gpus().stream().allMatch(Gpu::isTooOld)) {
      problems.add(new CudaStatus.ArchitectureTooOld(gpus()));
    }
  }

  /** Why there is no device file: a container sees the host's driver and bus all the same. */
  private CudaStatus absence() {
    boolean loaded = facts.driver().isPresent();
    if (loaded && facts.container() != SystemFacts.Container.NONE) {
      return new CudaStatus.GpuNotPassed(facts.container() == SystemFacts.Container.KUBERNETES);
    }
    if (loaded) {
      return new CudaStatus.DeviceFilesMissing(facts.missingNodes());
    }
    return facts.gpus().isEmpty() ? new CudaStatus.NoGpu() : new CudaStatus.DriverNotLoaded(gpus());
  }

  private void lookAtDriver() {
    Optional<DriverVersion> kernel = facts.driver();
    String path = libraries.found().get(CudaNeeds.DRIVER_LIBRARY);
    if (path == null) {
      kernel.ifPresent(this::lookAtAge);
      return;
    }
    String real = machine.files().realName(path);
    if (isStub(real)) {
      problems.add(new CudaStatus.StubDriver(path));
      kernel.ifPresent(this::lookAtAge);
      return;
    }
    Optional<DriverVersion> library = DriverVersion.in(real.substring(real.lastIndexOf('/') + 1));
    library.or(() -> kernel).ifPresent(this::lookAtAge);
    boolean compatible = path.contains("/compat"); // made to be newer than the kernel's driver
    if (kernel.isPresent() && library.isPresent() && !compatible && !kernel.equals(library)) {
      problems.add(new CudaStatus.DriverMismatch(kernel.get().text(), library.get().text(), real));
    }
  }

  private boolean isStub(String real) {
    return real.contains("/stubs/")
        || (!facts.windows() && machine.files().byteSize(real) < SMALLEST_DRIVER_BYTES);
  }

  private void lookAtAge(DriverVersion version) {
    if (version.compareTo(CudaNeeds.DRIVER) < 0) {
      problems.add(new CudaStatus.DriverTooOld(version.text()));
    }
  }

  private List<String> factLines() {
    List<String> lines = new ArrayList<>();
    gpus().forEach(gpu -> lines.add("GPU: " + gpu));
    facts.driver().ifPresent(version -> lines.add("driver in the kernel: " + version));
    libraries.found().entrySet().stream()
        .filter(entry -> entry.getKey().startsWith("libcu"))
        .map(entry -> "found: " + entry.getKey() + " in " + place(entry.getValue()))
        .sorted()
        .forEach(lines::add);
    return lines;
  }

  /** With the real name of the file where a link leads to it, which often tells the version. */
  private String place(String path) {
    if (!path.startsWith("/")) {
      return path;
    }
    int name = path.lastIndexOf('/') + 1;
    String real = machine.files().realName(path);
    String realName = real.substring(real.lastIndexOf('/') + 1);
    return path.substring(0, name - 1)
        + (realName.equals(path.substring(name)) ? "" : " (" + realName + ")");
  }
}
