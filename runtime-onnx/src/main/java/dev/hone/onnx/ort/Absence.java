package dev.hone.onnx.ort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Says in one sentence why the native library is not there, and what to do. */
final class Absence {
  private Absence() {}

  static String explain(String os, String arch, @Nullable Throwable cause) {
    if (Absence.class.getModule().isNamed() && !isResolved(platform(os, arch))) {
      return "The native library of ONNX Runtime is a module that no other requires, so Java left it"
          + " out: start with --add-modules ALL-MODULE-PATH, and have"
          + " org.bytedeco:onnxruntime-platform among the dependencies"
          + reason(cause)
          + ".";
    }
    return explain(os, arch, isMusl(os), cause);
  }

  private static boolean isResolved(String platform) {
    String module = "org.bytedeco.onnxruntime." + platform.replace('-', '.');
    return ModuleLayer.boot().findModule(module).isPresent();
  }

  private static String reason(@Nullable Throwable cause) {
    return cause == null ? "" : " (" + rootMessage(cause) + ")";
  }

  static String explain(String os, String arch, boolean musl, @Nullable Throwable cause) {
    String platform = platform(os, arch);
    String reason = reason(cause);
    if (musl) {
      return "ONNX Runtime needs glibc, but this Linux has musl, as Alpine does: use an image with"
          + " glibc, for example eclipse-temurin:17-jre"
          + reason
          + ".";
    }
    if (!platform.equals("linux-x86_64")
        && !platform.equals("linux-arm64")
        && !platform.equals("macosx-x86_64")
        && !platform.equals("macosx-arm64")
        && !platform.equals("windows-x86_64")) {
      return "ONNX Runtime has no native library for "
          + platform
          + "; it runs on Linux and macOS with x86-64 or ARM64, and on Windows with x86-64"
          + reason
          + ".";
    }
    String unpacking = unpacking(reason);
    if (unpacking != null) {
      return "The native library of ONNX Runtime is unpacked into a folder before it is loaded, and "
          + unpacking
          + ": name one that can be written and run from, with the system property"
          + " org.bytedeco.javacpp.cachedir; it is .javacpp/cache in the user's home otherwise"
          + reason
          + ".";
    }
    return "The native library of ONNX Runtime for "
        + platform
        + " could not be loaded: check that org.bytedeco:onnxruntime-platform, or onnxruntime with the"
        + " classifier "
        + platform
        + ", is among the dependencies, and on Linux that glibc is 2.34 or newer"
        + reason
        + ".";
  }

  /** What is wrong with the folder for unpacked libraries, or null if it is not to blame. */
  private static @Nullable String unpacking(String reason) {
    if (reason.contains("No space left")) {
      return "there is no space left";
    }
    if (reason.contains("failed to map segment") && !reason.contains("Cannot allocate memory")) {
      return "nothing may run from there, as on a volume mounted with noexec";
    }
    boolean unwritable =
        reason.contains("Could not create the cache") || reason.contains("Read-only file system");
    return unwritable ? "none can be written" : null;
  }

  /** The platform in JavaCPP's words. */
  static String platform(String os, String arch) {
    String lower = os.toLowerCase(Locale.ROOT);
    String system =
        lower.contains("mac") ? "macosx" : lower.contains("windows") ? "windows" : lower;
    String processor =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm64";
          default -> arch;
        };
    return system + "-" + processor;
  }

  private static boolean isMusl(String os) {
    if (!os.toLowerCase(Locale.ROOT).contains("linux")) {
      return false;
    }
    return Files.exists(Path.of("/etc/alpine-release"))
        || (Files.exists(Path.of("/lib/ld-musl-x86_64.so.1"))
            && !Files.exists(Path.of("/lib64/ld-linux-x86-64.so.2")));
  }

  private static String rootMessage(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
