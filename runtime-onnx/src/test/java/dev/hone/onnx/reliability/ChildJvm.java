package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A program in a JVM of its own: what it says, and how it ends. Who waits for one needs a timeout
 * of the test; it then ends the child.
 */
public record ChildJvm(int exitCode, String output) {
  /** The class path of the tests. */
  static List<Path> classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of)
        .toList();
  }

  /** A class path or module path as the command line wants it. */
  static String join(List<Path> paths) {
    return String.join(File.pathSeparator, paths.stream().map(Path::toString).toList());
  }

  /**
   * Runs the main method of a class of the tests, on their class path.
   *
   * @param folder where the child works, and leaves a report if it crashes
   */
  public static ChildJvm run(Path folder, List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of("-cp", join(classPath()), main.getName()));
    all.addAll(List.of(arguments));
    return run(folder, all);
  }

  /** Runs {@code java} with these options and arguments. */
  static ChildJvm run(Path folder, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(arguments);
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      return new ChildJvm(process.waitFor(), Files.readString(output));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Fails unless the child ended by itself, with 0. */
  public ChildJvm verifySuccess() {
    assertThat(exitCode).as(output).isZero();
    return this;
  }

  /** The number that the child printed behind a name and {@code =}. */
  public double figure(String name) {
    return output
        .lines()
        .filter(line -> line.startsWith(name + "="))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No " + name + " in: " + output));
  }
}
