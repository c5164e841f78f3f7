package dev.hone.benchmarks.ledger;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The list of all figures, by the first part of their ids. Their values are in the ledger. */
public final class Figures {
  private static final Map<String, Figure> BY_ID =
      Stream.of(
              RunFigures.ALL,
              MemoryFigures.ALL,
              PrecisionFigures.ALL,
              BatchingFigures.ALL,
              EndToEndFigures.ALL,
              MonitoringFigures.ALL,
              CudaFigures.ALL)
          .flatMap(List::stream)
          .collect(
              Collectors.toMap(
                  Figure::id,
                  figure -> figure,
                  (one, two) -> {
                    throw new IllegalStateException("Twice in the list: " + one + ", " + two);
                  },
                  LinkedHashMap::new));

  private Figures() {}

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
    areas.put("endtoend", "Embeddings from text: 1,000 texts, 16 callers, tokenizer included");
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
