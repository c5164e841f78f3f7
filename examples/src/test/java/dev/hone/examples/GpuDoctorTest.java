package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.cuda.CudaDiagnostics;
import dev.hone.cuda.CudaReport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** In processes of its own, since it may end the one that it runs in. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class GpuDoctorTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // by JUnit
  Path folder;

  private final CudaReport report = CudaDiagnostics.withDriver();

  @Test
  void theReportIsPrintedAndTheProgramEndsWell() throws Exception {
    assertThat(exitValue()).isZero();
    assertThat(output()).isEqualToIgnoringNewLines(report.toString());
  }

  @Test
  void aStrictOneTellsAScriptByItsExitCode() throws Exception {
    assertThat(exitValue("--strict")).isEqualTo(report.isReady() ? 0 : 1);
    assertThat(output()).isEqualToIgnoringNewLines(report.toString());
  }

  private int exitValue(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dstdout.encoding=UTF-8"); // of JDK 19 and later
    command.add("-Dsun.stdout.encoding=UTF-8"); // of those before
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(GpuDoctor.class.getName());
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectOutput(folder.resolve("output.txt").toFile()).start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  private String output() throws Exception {
    return Files.readString(folder.resolve("output.txt"), StandardCharsets.UTF_8).strip();
  }
}
