package dev.hone.onnx.fuse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What was fused, and what looked like it and was left alone.
 *
 * @param counts how many nodes were made, by operator, and how many {@code Conv with
 *     BatchNormalization} became one; those with none are missing
 * @param notes one sentence for each candidate that was left, with the reason
 */
public record FusionReport(Map<String, Integer> counts, List<String> notes) {
  /** Copies both. */
  public FusionReport {
    counts = Collections.unmodifiableMap(new TreeMap<>(counts));
    notes = List.copyOf(notes);
  }

  /** How many nodes of an operator were made. */
  public int count(String operator) {
    return counts.getOrDefault(operator, 0);
  }

  /** Whether anything was fused. */
  public boolean isEmpty() {
    return counts.isEmpty();
  }

  /** For example {@code 6 Attention, 12 SkipLayerNormalization}, then a line for each note. */
  @Override
  public String toString() {
    String made =
        counts.entrySet().stream()
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(", "));
    return notes.stream()
        .map(note -> "\n" + note)
        .collect(Collectors.joining("", "fused: " + (made.isEmpty() ? "nothing" : made), ""));
  }

  /** A report in the making. */
  static final class Builder {
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();

    void fused(String operator) {
      counts.merge(operator, 1, Integer::sum);
    }

    void fused(String operator, int count) {
      if (count > 0) {
        counts.merge(operator, count, Integer::sum);
      }
    }

    /** Takes one back: a later fusion has taken the node into a larger one. */
    void absorbed(String operator) {
      counts.computeIfPresent(operator, (key, count) -> count == 1 ? null : count - 1);
    }

    void left(String note) {
      notes.add(note);
    }

    FusionReport build() {
      return new FusionReport(counts, notes);
    }
  }
}
