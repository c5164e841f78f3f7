package dev.hone.onnx.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The cases that the ONNX project publishes, run through a session. The system property {@code
 * hone.conformance} names their folder; by default it is where Debian's package {@code
 * libonnx-testdata} puts them.
 */
@Tag("conformance")
class ConformanceTest {
  private static final Path DATA = Conformance.folder();

  @Test
  void noFewerCasesPassThanBefore() throws IOException {
    assumeTrue(
        Files.isDirectory(DATA),
        "There is no " + DATA + ". Install libonnx-testdata, or name a folder: -Dhone.conformance");
    Conformance cases = Conformance.of(DATA);
    System.out.printf(
        Locale.ROOT,
        "Of %d that load, %d are right, and %d as right as random answers can be: %.2f %%%n",
        cases.loaded(),
        cases.passed(),
        cases.random(),
        cases.percent());
    assertThat(cases.failed()).as("answers that only Hone gives").isZero();
    assertThat(cases.passed() + cases.needLocale())
        .as("cases that passed, or need a locale")
        .isGreaterThanOrEqualTo(baseline());
  }

  private static int baseline() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = ConformanceTest.class.getResourceAsStream("baseline.properties")) {
      properties.load(Objects.requireNonNull(in));
    }
    return Integer.parseInt(properties.getProperty("passed"));
  }
}
