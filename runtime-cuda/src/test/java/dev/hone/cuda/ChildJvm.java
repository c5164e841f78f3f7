package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program in a JVM of its own, which must end by itself and with 0. */
record ChildJvm(List<String> lines) {
  private static final long MINUTES = 3;

  /** The class path of the tests. */
  static List<String> classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).toList();
  }

  /**
   * Runs a class of the tests.
   *
   * @param folder for what it prints
   * @param environment variables that it has besides those of this process
   */
  static ChildJvm run(
      Path folder,
      Map<String, String> environment,
      List<String> classPath,
      List<String> options,
      Class<?> main,
      String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main.getName()));
    command.addAll(List.of(arguments));
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ends by itself").isTrue();
      List<String> lines = Files.readAllLines(output);
      assertThat(process.exitValue()).as("%s", lines).isZero();
      return new ChildJvm(lines);
    } finally {
      process.destroyForcibly();
    }
  }

  /** What it printed behind a name and {@code =}. */
  String value(String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No " + name + " in: " + lines));
  }
}
