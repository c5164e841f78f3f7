package dev.hone.onnx.conformance;

import dev.hone.onnx.conformance.ConformanceCase.Outcome;
import dev.hone.onnx.conformance.ConformanceCase.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * What became of all cases of a folder.
 *
 * @param loaded cases that ONNX Runtime opens
 * @param passed cases whose outputs are all right
 * @param random cases whose answers are random, and right as far as that can be told
 * @param needLocale cases that need a locale which this machine does not have
 * @param failed cases in which Hone answers otherwise than ONNX Runtime's own Java API
 */
public record Conformance(int loaded, int passed, int random, int needLocale, int failed) {
  /**
   * Where Debian's package {@code libonnx-testdata} puts them, or {@code hone.conformance} says.
   */
  public static Path folder() {
    return Path.of(System.getProperty("hone.conformance", "/usr/share/libonnx-testdata/data"));
  }

  /** Runs all; prints those that did not pass. */
  public static Conformance of(Path folder) throws IOException {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    int all = 0;
    for (ConformanceCase one : ConformanceCase.under(folder)) {
      Outcome outcome = one.run();
      all++;
      counts.merge(outcome.verdict(), 1, Integer::sum);
      if (outcome.verdict() != Verdict.PASSED) {
        String why = outcome.why().lines().findFirst().orElse("");
        System.out.println(outcome.verdict() + " " + one.name() + " " + why);
      }
    }
    System.out.println("Conformance: " + counts);
    return new Conformance(
        all - counts.getOrDefault(Verdict.NOT_LOADABLE, 0),
        counts.getOrDefault(Verdict.PASSED, 0),
        counts.getOrDefault(Verdict.RANDOM, 0),
        counts.getOrDefault(Verdict.NO_LOCALE, 0),
        counts.getOrDefault(Verdict.FAILED, 0));
  }

  /** Of the cases that load, those that are right, in percent. */
  public double percent() {
    return 100.0 * (passed + random) / loaded;
  }
}
