package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.standalone.WithoutMicrometer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OptionalMicrometerTest {
  @Test
  void coreWorksWithoutMicrometerOnTheClassPath() throws Exception {
    String path = classPath(entry -> !entry.contains("micrometer"));
    assertThat(java("-cp", path, WithoutMicrometer.class.getName()))
        .isEqualTo("unnamed module, 1 answered");
  }

  @Test
  void coreWorksWithoutMicrometerOnTheModulePath() throws Exception {
    String modules = locationOf(Recorder.class) + File.pathSeparator + classPath(this::isJavaCpp);
    String output =
        java(
            "--module-path",
            modules,
            "--add-modules",
            "dev.hone.core",
            "-cp",
            locationOf(WithoutMicrometer.class),
            WithoutMicrometer.class.getName());
    assertThat(output).isEqualTo("named module, 1 answered");
  }

  private boolean isJavaCpp(String entry) {
    return entry.contains("javacpp-") && !entry.contains("javacpp-platform");
  }

  private static String classPath(Predicate<String> wanted) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(wanted)
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String locationOf(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private static String java(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().filter(line -> !line.startsWith("WARNING")).collect(Collectors.joining());
  }
}
