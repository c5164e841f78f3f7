package dev.hone.cuda.kernels;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The kernels' own source, compiled for the host and run there as another process: what it computes
 * is what the device would, in another order of the threads each time.
 */
final class HostKernels implements AutoCloseable {
  private final Process process;
  private final OutputStream toKernels;
  private final DataInputStream fromKernels;

  private HostKernels(Process process) {
    this.process = process;
    this.toKernels = process.getOutputStream();
    this.fromKernels = new DataInputStream(process.getInputStream());
  }

  /** Whether the host has a compiler. */
  static boolean canCompile() {
    try {
      Process process = new ProcessBuilder("g++", "--version").start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  static HostKernels start(Path folder) throws IOException, InterruptedException {
    StringBuilder source = new StringBuilder(resource("device_on_host.h"));
    for (KernelSource each : KernelSource.values()) {
      source.append(each.text());
    }
    Path file = folder.resolve("kernels.cpp");
    Path program = folder.resolve("kernels");
    Files.writeString(file, source.append(resource("kernels_on_host.cpp")));
    Process compiler =
        new ProcessBuilder(
                "g++",
                "-std=c++17",
                "-O2",
                "-ffp-contract=off",
                "-Wall",
                "-Werror",
                "-Wno-cast-function-type",
                "-o",
                program.toString(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (compiler.waitFor() != 0) {
      throw new AssertionError("The kernels do not compile for the host: " + output);
    }
    return new HostKernels(
        new ProcessBuilder(program.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(HostKernels.class.getResourceAsStream(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Runs a kernel.
   *
   * @param launch whose parameters that are addresses name a buffer of {@code buffers}
   * @param buffers by the address that stands for each; they receive what the kernel wrote
   * @param seed of the order of the threads
   */
  void run(Launch launch, Map<Long, byte[]> buffers, int seed) throws IOException {
    byte[] name = launch.kernel().getBytes(StandardCharsets.UTF_8);
    write(name.length);
    toKernels.write(name);
    write(launch.blocks());
    write(launch.threads());
    write(seed);
    write(launch.arguments().length);
    for (long argument : launch.arguments()) {
      byte[] buffer = buffers.get(argument);
      write(buffer == null ? 0 : 1);
      write(buffer == null ? argument : (long) buffer.length);
      if (buffer != null) {
        toKernels.write(buffer);
      }
    }
    toKernels.flush();
    for (long argument : launch.arguments()) {
      byte[] buffer = buffers.get(argument);
      if (buffer != null) {
        fromKernels.readFully(buffer);
      }
    }
  }

  private void write(int value) throws IOException {
    toKernels.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private void write(long value) throws IOException {
    toKernels.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    toKernels.close();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("The kernels' process does not end.");
    }
  }
}
