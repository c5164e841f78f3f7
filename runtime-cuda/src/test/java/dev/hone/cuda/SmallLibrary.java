package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Shared libraries of a few lines of C, which stand where those of NVIDIA would. */
final class SmallLibrary {
  private static final long MINUTES = 1;

  private SmallLibrary() {}

  /** A library that can be loaded and has nothing. */
  static void empty(Path folder, String soname) throws IOException, InterruptedException {
    compile(folder, soname, "int nothing;");
  }

  /** Compiles a library into a folder; skips the test where there is no gcc. */
  static void compile(Path folder, String soname, String source)
      throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve(soname + ".c"), source);
    Path versions =
        Files.writeString(folder.resolve(soname + ".map"), soname + " { global: *; };\n");
    ProcessBuilder gcc =
        new ProcessBuilder(
            "gcc",
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-Wl,-soname," + soname,
            "-Wl,--version-script=" + versions,
            "-o",
            folder.resolve(soname).toString(),
            file.toString());
    Process compiler;
    try {
      compiler = gcc.inheritIO().start();
    } catch (IOException e) {
      assumeTrue(false, "gcc makes libraries for this test, but cannot be started: " + e);
      return;
    }
    assertThat(compiler.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
    assertThat(compiler.exitValue()).isZero();
  }
}
