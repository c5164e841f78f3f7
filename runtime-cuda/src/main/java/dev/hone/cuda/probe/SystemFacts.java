package dev.hone.cuda.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a machine says of its GPUs and their driver.
 *
 * @param container what runs this process
 * @param nodes the device files of GPUs
 * @param denied device files that this user may not use
 * @param missingNodes further device files that CUDA needs and that are not there
 * @param windows whether this is Linux under Windows, which reaches the GPU in its own way
 * @param driver the version of the kernel's driver, if it is loaded
 * @param gpus the GPUs on the bus; empty also where the bus cannot be seen
 */
public record SystemFacts(
    Container container,
    List<String> nodes,
    List<String> denied,
    List<String> missingNodes,
    boolean windows,
    Optional<DriverVersion> driver,
    List<Gpu> gpus) {
  private static final String CONTROL = "/dev/nvidiactl";
  private static final String UNIFIED_MEMORY = "/dev/nvidia-uvm";
  private static final String NVIDIA = "0x10de";

  /** What runs a process. */
  public enum Container {
    /** The machine itself, as far as can be told. */
    NONE,
    /** Docker, Podman or another container. */
    CONTAINER,
    /** A pod of Kubernetes. */
    KUBERNETES
  }

  /** Copies the lists. */
  public SystemFacts {
    nodes = List.copyOf(nodes);
    denied = List.copyOf(denied);
    missingNodes = List.copyOf(missingNodes);
    gpus = List.copyOf(gpus);
  }

  /** Reads them. */
  public static SystemFacts read(HostFiles files, Map<String, String> environment) {
    List<String> nodes =
        files.names("/dev").stream()
            .filter(name -> name.matches("nvidia\\d+"))
            .map(name -> "/dev/" + name)
            .toList();
    List<String> all = new ArrayList<>(nodes.isEmpty() ? List.of("/dev/nvidia0") : nodes);
    all.addAll(List.of(CONTROL, UNIFIED_MEMORY));
    return new SystemFacts(
        container(files, environment),
        nodes,
        all.stream().filter(node -> files.exists(node) && !files.isUsable(node)).toList(),
        all.stream().filter(node -> !files.exists(node)).toList(),
        files.exists("/dev/dxg"),
        driver(files),
        gpus(files));
  }

  private static Container container(HostFiles files, Map<String, String> environment) {
    if (environment.containsKey("KUBERNETES_SERVICE_HOST")) {
      return Container.KUBERNETES;
    }
    String groups = files.text("/proc/1/cgroup").orElse("");
    boolean marked =
        files.exists("/.dockerenv")
            || files.exists("/run/.containerenv")
            || environment.containsKey("container")
            || groups.contains("docker")
            || groups.contains("containerd")
            || groups.contains("libpod");
    return groups.contains("kubepods")
        ? Container.KUBERNETES
        : marked ? Container.CONTAINER : Container.NONE;
  }

  private static Optional<DriverVersion> driver(HostFiles files) {
    Optional<String> first =
        files
            .text("/proc/driver/nvidia/version")
            .flatMap(text -> text.lines().filter(line -> line.startsWith("NVRM")).findFirst());
    return first.or(() -> files.text("/sys/module/nvidia/version")).flatMap(DriverVersion::in);
  }

  private static List<Gpu> gpus(HostFiles files) {
    String folder = "/sys/bus/pci/devices/";
    List<Gpu> gpus = new ArrayList<>();
    for (String bus : files.names("/sys/bus/pci/devices")) {
      boolean graphics = line(files, folder + bus + "/class").startsWith("0x03");
      String device = line(files, folder + bus + "/device");
      if (graphics
          && line(files, folder + bus + "/vendor").equals(NVIDIA)
          && device.matches("0x[0-9a-f]{4}")) {
        gpus.add(
            new Gpu(bus, Integer.parseInt(device.substring(2), 16), model(files, bus, device)));
      }
    }
    return gpus;
  }

  private static String model(HostFiles files, String bus, String device) {
    return files
        .text("/proc/driver/nvidia/gpus/" + bus + "/information")
        .flatMap(text -> text.lines().filter(line -> line.startsWith("Model:")).findFirst())
        .map(line -> line.substring("Model:".length()).strip())
        .orElse("NVIDIA device " + device);
  }

  private static String line(HostFiles files, String file) {
    return files.text(file).orElse("").strip();
  }
}
