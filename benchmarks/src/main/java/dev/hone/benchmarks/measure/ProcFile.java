package dev.hone.benchmarks.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What Linux tells under {@code /proc}; nothing elsewhere. */
final class ProcFile {
  private ProcFile() {}

  /** The lines of a file, or none where there is no such file. */
  static List<String> lines(String path) {
    try (Stream<String> lines = Files.lines(Path.of(path))) {
      return lines.toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }
}
