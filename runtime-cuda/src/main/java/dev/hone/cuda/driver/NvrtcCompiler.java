package dev.hone.cuda.driver;

import dev.hone.HoneException;
import dev.hone.cuda.kernels.KernelCompiler;
import dev.hone.cuda.kernels.KernelSource;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * NVIDIA's compiler as a library, NVRTC, where it is installed. Its bindings load the driver's
 * library, as all of CUDA's do, so it comes only after the diagnosis.
 */
public final class NvrtcCompiler implements KernelCompiler {
  private final String version;

  private NvrtcCompiler(String version) {
    this.version = version;
  }

  /** The compiler; empty where it, or the driver's library, cannot be loaded. */
  public static Optional<NvrtcCompiler> find() {
    int[] major = new int[1];
    int[] minor = new int[1];
    try {
      int code = nvrtc.nvrtcVersion(major, minor);
      return code == 0
          ? Optional.of(new NvrtcCompiler("NVRTC " + major[0] + "." + minor[0]))
          : Optional.empty();
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public byte[] compile(KernelSource source, int architecture) {
    try (_nvrtcProgram program = new _nvrtcProgram();
        BytePointer text = new BytePointer(source.text(), StandardCharsets.UTF_8);
        BytePointer name = new BytePointer(source.fileName(), StandardCharsets.UTF_8);
        BytePointer option = new BytePointer("-arch=sm_" + architecture, StandardCharsets.UTF_8);
        PointerPointer<BytePointer> options = new PointerPointer<>(1)) {
      options.put(0, option);
      PointerPointer<BytePointer> none = null;
      check(nvrtc.nvrtcCreateProgram(program, text, name, 0, none, none), source, architecture, "");
      try {
        int code = nvrtc.nvrtcCompileProgram(program, 1, options);
        check(code, source, architecture, code == 0 ? "" : log(program));
        return cubin(program, source, architecture);
      } finally {
        nvrtc.nvrtcDestroyProgram(program);
      }
    }
  }

  private static byte[] cubin(_nvrtcProgram program, KernelSource source, int architecture) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetCUBINSize(program, size), source, architecture, "");
      byte[] cubin = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetCUBIN(program, cubin), source, architecture, "");
      return cubin;
    }
  }

  private static String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      if (nvrtc.nvrtcGetProgramLogSize(program, size) != 0) {
        return "";
      }
      byte[] log = new byte[Math.toIntExact(size.get())];
      nvrtc.nvrtcGetProgramLog(program, log);
      return new String(log, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
  }

  private static void check(int code, KernelSource source, int architecture, String log) {
    if (code != 0) {
      throw new HoneException(
          "NVRTC does not compile "
              + source.fileName()
              + " for sm_"
              + architecture
              + ", error "
              + code
              + ". "
              + log);
    }
  }
}
