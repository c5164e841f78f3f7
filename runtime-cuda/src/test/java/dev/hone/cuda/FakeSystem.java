package dev.hone.cuda;

import dev.hone.cuda.probe.FakeCache;
import dev.hone.cuda.probe.FakeLibrary;
import dev.hone.cuda.probe.HostFiles;
import dev.hone.cuda.probe.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A machine that a test makes of files. {@link #complete} has all that a GPU needs. */
final class FakeSystem {
  static final String BUS = "0000:01:00.0";
  static final String LIBRARIES = "/usr/local/cuda/lib64";

  private static final String PROVIDER = "libonnxruntime_providers_cuda.so";
  private static final String JAR = "onnxruntime-1.24.1-1.5.13-linux-x86_64-gpu.jar";
  private static final String RESOURCE = "org/bytedeco/onnxruntime/linux-x86_64-gpu/" + PROVIDER;
  private static final String BINDINGS = "org/bytedeco/cuda/linux-x86_64/libjnicudart.so";
  private static final long DRIVER_BYTES = 90L << 20; // of which the disk sees next to nothing

  private final Path root;
  private final Map<String, String> environment = new HashMap<>();
  private final Set<String> resources = new HashSet<>();
  private final Set<String> denied = new HashSet<>();
  private final List<String> cached = new ArrayList<>();
  private String os = "Linux";

  private FakeSystem(Path root) {
    this.root = root;
  }

  static FakeSystem empty(Path root) {
    return new FakeSystem(root);
  }

  static FakeSystem complete(Path root) {
    FakeSystem system = new FakeSystem(root);
    system.resources.add(RESOURCE);
    system.resources.add(BINDINGS);
    system.gpu("0x2330", "NVIDIA H100 80GB HBM3");
    system.kernelDriver("580.95.05");
    system.file("/dev/nvidia0", "").file("/dev/nvidiactl", "").file("/dev/nvidia-uvm", "");
    system.driverLibrary("580.95.05");
    for (String name : new String[] {"libcublasLt.so.13", "libcufft.so.12", "libcudart.so.13"}) {
      system.library(LIBRARIES, name);
    }
    system.library(LIBRARIES, "libcublas.so.13", "libcublasLt.so.13");
    system.library(LIBRARIES, "libcudnn.so.9");
    system.environment.put("LD_LIBRARY_PATH", LIBRARIES);
    return system;
  }

  FakeSystem os(String name) {
    os = name;
    return this;
  }

  FakeSystem gpu(String device, String model) {
    String folder = "/sys/bus/pci/devices/" + BUS;
    file(folder + "/vendor", "0x10de\n").file(folder + "/device", device + "\n");
    file(folder + "/class", "0x030200\n");
    return file(
        "/proc/driver/nvidia/gpus/" + BUS + "/information",
        "Model: \t\t " + model + "\nIRQ:   \t\t 33\n");
  }

  FakeSystem kernelDriver(String version) {
    return file(
        "/proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  "
            + version
            + "  Release Build  (root@host)  Wed Sep 17 05:00:00 UTC 2025\n"
            + "GCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2)\n");
  }

  /** As installers do it: the version in the name, links to it, and a line in the cache. */
  FakeSystem driverLibrary(String version) {
    String folder = "/usr/lib/x86_64-linux-gnu";
    String real = "libcuda.so." + version;
    new FakeLibrary("libcuda.so.1").write(path(folder + "/" + real), DRIVER_BYTES);
    try {
      Path link = path(folder + "/libcuda.so.1");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, Path.of(real));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cached(folder + "/libcuda.so.1");
  }

  FakeSystem cached(String path) {
    cached.add(path);
    try {
      Files.createDirectories(path("/etc"));
      Files.write(path("/etc/ld.so.cache"), FakeCache.of(cached));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  FakeSystem library(String folder, String soname, String... needed) {
    new FakeLibrary(soname, needed).write(path(folder + "/" + soname), 0);
    return this;
  }

  /** As packages of distributions have it: the file with its whole version, and a link to it. */
  FakeSystem versioned(String path, String rest) {
    Path link = path(path);
    Path real = path(path + "." + rest);
    try {
      Files.move(link, real);
      Files.createSymbolicLink(link, real.getFileName());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  FakeSystem file(String path, String text) {
    try {
      Files.createDirectories(path(path).getParent());
      Files.writeString(path(path), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  FakeSystem without(String... paths) {
    try {
      for (String path : paths) {
        Files.delete(path(path));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  FakeSystem withoutProvider() {
    resources.remove(RESOURCE);
    return this;
  }

  FakeSystem withoutBindings() {
    resources.remove(BINDINGS);
    return this;
  }

  /** What JavaCPP unpacked of the provider earlier. */
  FakeSystem unpackedProvider(String... needed) {
    new FakeLibrary(PROVIDER, needed).write(unpacked().resolve(JAR).resolve(RESOURCE), 0);
    return this;
  }

  FakeSystem environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** This user may not read it. */
  FakeSystem denied(String path) {
    denied.add(path);
    return this;
  }

  private Path path(String absolute) {
    return root.resolve(absolute.substring(1));
  }

  private Path unpacked() {
    return root.resolve("root/.javacpp/cache");
  }

  CudaReport report() {
    HostFiles files = new HostFiles(root, path -> !denied.contains(path));
    return CudaDiagnostics.report(
        new Machine(os, "amd64", files, environment, this::resource, unpacked()));
  }

  private @Nullable URL resource(String name) {
    try {
      return resources.contains(name) ? new URL("jar:file:/m2/" + JAR + "!/" + name) : null;
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
