package dev.hone.cuda.probe;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of NVIDIA's driver, for example {@code 580.65.06}.
 *
 * @param text as it is written
 */
public record DriverVersion(String text) implements Comparable<DriverVersion> {
  private static final Pattern PATTERN =
      Pattern.compile("\\b(\\d{3}\\.\\d{1,4}(?:\\.\\d{1,4})?)\\b");

  /** The first version in a text: three digits, a dot, and more. */
  public static Optional<DriverVersion> in(String text) {
    Matcher matcher = PATTERN.matcher(text);
    return matcher.find() ? Optional.of(new DriverVersion(matcher.group(1))) : Optional.empty();
  }

  @Override
  public int compareTo(DriverVersion other) {
    return Arrays.compare(parts(), other.parts());
  }

  private int[] parts() {
    return Arrays.stream(text.split("\\.", -1)).mapToInt(Integer::parseInt).toArray();
  }

  @Override
  public String toString() {
    return text;
  }
}
