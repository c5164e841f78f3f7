package dev.hone.benchmarks.ledger;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The list of all figures, from one table for each area. Their values are in the ledger.
 *
 * <p>A line of a table has the rest of the id, after the area; the target, as {@code <= 1.25} or
 * {@code >= 5}, empty for a figure that is only told; the unit, {@code x} for a ratio, empty for a
 * bare number; and what it is in a reader's words.
 */
public final class Figures {
  private static final Map<String, Figure> BY_ID = new LinkedHashMap<>();

  static {
    add("run", RunFigures.TABLE);
    add("memory", MemoryFigures.TABLE);
    add("precision", PrecisionFigures.TABLE);
    add("batching", BatchingFigures.TABLE);
    add("endtoend", EndToEndFigures.TABLE);
    add("monitoring", MonitoringFigures.TABLE);
    add("cuda", CudaFigures.TABLE);
  }

  private Figures() {}

  private static void add(String area, String table) {
    for (String line : table.lines().toList()) {
      List<String> fields = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
      Figure figure =
          Figure.of(area + "." + fields.get(0), fields.get(1), fields.get(2), fields.get(3));
      if (BY_ID.put(figure.id(), figure) != null) {
        throw new IllegalStateException("Twice in the list: " + line);
      }
    }
  }

  /** All figures, in order. */
  public static List<Figure> all() {
    return List.copyOf(BY_ID.values());
  }

  /** What the areas are called, by the first part of their figures' ids, in order. */
  public static Map<String, String> areas() {
    Map<String, String> areas = new LinkedHashMap<>();
    areas.put("run", "What one call costs");
    areas.put("memory", "What a session needs");
    areas.put("precision", "What a small number format buys, and what it costs");
    areas.put("batching", "What many callers gain");
    areas.put("endtoend", "Embeddings from text: 16 callers, tokenizer included");
    areas.put("monitoring", "What it costs to watch, and what it finds");
    areas.put("cuda", "The same session on an NVIDIA GPU");
    return areas;
  }

  /**
   * The figure of this id.
   *
   * @throws IllegalArgumentException if the list has none
   */
  public static Figure get(String id) {
    Figure figure = BY_ID.get(id);
    if (figure == null) {
      throw new IllegalArgumentException(
          "There is no figure '" + id + "'; a benchmark reports only what the list has.");
    }
    return figure;
  }
}
