package dev.hone.cuda.kernels;

import dev.hone.HoneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** NVIDIA's compiler {@code nvcc} as a process of its own, where a CUDA toolkit is installed. */
public final class NvccCompiler implements KernelCompiler {
  private static final long TIMEOUT_SECONDS = 120;

  private final Path nvcc;
  private final String version;

  /** What a process said and how it ended. */
  private record Outcome(int exit, String output) {}

  private NvccCompiler(Path nvcc, String version) {
    this.nvcc = nvcc;
    this.version = version;
  }

  /** The compiler on the search path or where toolkits are installed; empty where there is none. */
  public static Optional<NvccCompiler> find() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.concat(
            Arrays.stream(path.split(":")).filter(folder -> !folder.isEmpty()),
            Stream.of("/usr/local/cuda/bin"))
        .map(folder -> Path.of(folder, "nvcc"))
        .filter(Files::isExecutable)
        .findFirst()
        .flatMap(NvccCompiler::at);
  }

  private static Optional<NvccCompiler> at(Path nvcc) {
    try {
      Outcome outcome = run(List.of(nvcc.toString(), "--version"));
      return outcome
          .output
          .lines()
          .filter(line -> line.contains("release"))
          .findFirst()
          .map(line -> new NvccCompiler(nvcc, line.strip()));
    } catch (HoneException e) {
      return Optional.empty(); // something of this name that does not run
    }
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public byte[] compile(KernelSource source, int architecture) {
    try {
      Path folder = Files.createTempDirectory("hone-nvcc");
      Path input = folder.resolve(source.fileName());
      Path output = folder.resolve("out.cubin");
      try {
        Files.writeString(input, source.text());
        Outcome outcome =
            run(
                List.of(
                    nvcc.toString(),
                    "-arch=sm_" + architecture,
                    "-cubin",
                    "-o",
                    output.toString(),
                    input.toString()));
        if (outcome.exit != 0) {
          throw new HoneException(
              "nvcc does not compile "
                  + source.fileName()
                  + " for sm_"
                  + architecture
                  + ": "
                  + outcome.output.strip());
        }
        return Files.readAllBytes(output);
      } finally {
        Files.deleteIfExists(output);
        Files.deleteIfExists(input);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new HoneException("nvcc could not be given its files: " + e.getMessage(), e);
    }
  }

  private static Outcome run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try {
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
          throw new HoneException("nvcc was not done after " + TIMEOUT_SECONDS + " s.");
        }
        return new Outcome(process.exitValue(), output);
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new HoneException("nvcc could not be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HoneException("Compiling was interrupted.", e);
    }
  }
}
