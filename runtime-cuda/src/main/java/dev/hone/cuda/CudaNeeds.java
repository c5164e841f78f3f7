package dev.hone.cuda;

import dev.hone.cuda.probe.DriverVersion;
import dev.hone.cuda.probe.ElfFile;
import dev.hone.cuda.probe.Machine;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the CUDA provider of this version of ONNX Runtime, and the bindings of CUDA, need. From the
 * provider itself where it was unpacked before; otherwise from a list that was read off it.
 */
final class CudaNeeds {
  /** The version of ONNX Runtime that is meant. */
  static final String ONNX_RUNTIME = "1.24.1-1.5.13";

  /** The version of CUDA's Java bindings that goes with it. */
  static final String BINDINGS = "13.1-9.19-1.5.13";

  /** The oldest driver that runs CUDA 13. */
  static final DriverVersion DRIVER = new DriverVersion("580.65");

  static final String DRIVER_LIBRARY = "libcuda.so.1";

  /** What JavaCPP loads before anything of CUDA. */
  static final String BINDING_LIBRARY = "libjnicudart.so";

  private static final String PROVIDER = "libonnxruntime_providers_cuda.so";
  private static final List<String> PROVIDER_NEEDS =
      List.of(
          "libcublasLt.so.13",
          "libcublas.so.13",
          "libcufft.so.12",
          "libcudart.so.13",
          "libcudnn.so.9");

  private static final Map<String, String> SOURCES =
      Map.of(
          "libcuda.so.1",
          "comes with NVIDIA's driver (Ubuntu: libnvidia-compute-580, Debian: libcuda1); in a"
              + " container it is put there by the nvidia-container-toolkit, never by the image",
          "libcudart.so.13",
          "the package cuda-cudart-13-1, the Maven artifact org.bytedeco:cuda-redist with the"
              + " classifier linux-x86_64, or the Python wheel nvidia-cuda-runtime",
          "libcublas.so.13",
          "the package libcublas-13-1, or the Python wheel nvidia-cublas",
          "libcublasLt.so.13",
          "the package libcublas-13-1, or the Python wheel nvidia-cublas",
          "libcufft.so.12",
          "the package libcufft-13-1, the Maven artifact org.bytedeco:cuda-redist with the"
              + " classifier linux-x86_64, or the Python wheel nvidia-cufft",
          "libcudnn.so.9",
          "the package libcudnn9-cuda-13, or the Python wheel nvidia-cudnn-cu13",
          "libstdc++.so.6",
          "the package libstdc++6",
          "libgcc_s.so.1",
          "the package libgcc-s1");

  private CudaNeeds() {}

  /** Names of libraries, by what needs them. */
  static Map<String, List<String>> of(Machine machine) {
    Map<String, List<String>> needs = new LinkedHashMap<>();
    needs.put("CUDA itself", List.of(DRIVER_LIBRARY));
    needs.put(PROVIDER, unpacked(machine).orElse(PROVIDER_NEEDS));
    return needs;
  }

  private static Optional<List<String>> unpacked(Machine machine) {
    return machine
        .providerFile()
        .flatMap(
            file -> {
              try {
                return Optional.of(ElfFile.read(file).needed());
              } catch (IOException e) {
                return Optional.empty();
              }
            })
        .map(names -> names.stream().filter(name -> !isBesideTheProvider(name)).toList());
  }

  /** Those that come in the same jar. */
  private static boolean isBesideTheProvider(String soname) {
    return soname.startsWith("libonnxruntime");
  }

  /** Which package has a library. */
  static String source(String soname) {
    String key = soname.startsWith("libcudnn") ? "libcudnn.so.9" : soname; // it has many parts
    return SOURCES.getOrDefault(key, "the package of your system that has it");
  }
}
