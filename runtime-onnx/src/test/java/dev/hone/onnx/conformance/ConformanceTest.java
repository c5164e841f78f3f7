package dev.hone.onnx.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.onnx.conformance.ConformanceCase.Outcome;
import dev.hone.onnx.conformance.ConformanceCase.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
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
  private static final Path DATA =
      Path.of(System.getProperty("hone.conformance", "/usr/share/libonnx-testdata/data"));

  @Test
  void noFewerCasesPassThanBefore() throws IOException {
    assumeTrue(
        Files.isDirectory(DATA),
        "There is no " + DATA + ". Install libonnx-testdata, or name a folder: -Dhone.conformance");
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (ConformanceCase one : ConformanceCase.under(DATA)) {
      Outcome outcome = one.run();
      counts.merge(outcome.verdict(), 1, Integer::sum);
      if (outcome.verdict() != Verdict.PASSED) {
        System.out.println(
            outcome.verdict()
                + " "
                + one.name()
                + " "
                + outcome.why().lines().findFirst().orElse(""));
      }
    }
    int passed = counts.getOrDefault(Verdict.PASSED, 0);
    int needLocale = counts.getOrDefault(Verdict.NO_LOCALE, 0);
    int random = counts.getOrDefault(Verdict.RANDOM, 0);
    int loaded =
        counts.values().stream().mapToInt(Integer::intValue).sum()
            - counts.getOrDefault(Verdict.NOT_LOADABLE, 0);
    System.out.println("Conformance: " + counts);
    System.out.printf(
        Locale.ROOT,
        "Of %d that load, %d are right, and %d as right as random answers can be: %.2f %%%n",
        loaded,
        passed,
        random,
        100.0 * (passed + random) / loaded);
    assertThat(counts).as("answers that only Hone gives").doesNotContainKey(Verdict.FAILED);
    assertThat(passed + needLocale)
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
