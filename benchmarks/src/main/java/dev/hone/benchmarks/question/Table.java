package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Rivals and what was measured of each. */
public final class Table {
  private final String title;
  private final List<Column> columns;
  private final List<Row> rows = new ArrayList<>();
  private @Nullable Scatter scatter;

  /** A table without rows. */
  public Table(String title, Column... columns) {
    this.title = title;
    this.columns = List.of(columns);
  }

  /**
   * Two columns to draw against each other, the best trade-offs joined.
   *
   * @param title of the picture
   * @param x column to the right
   * @param y column upwards
   */
  public record Scatter(String title, String x, String y) {}

  /**
   * One rival.
   *
   * @param label what a reader calls it
   * @param side whose it is
   * @param cells what was measured, by the column's name
   */
  public record Row(String label, Side side, Map<String, Values> cells) {
    /** Fills a cell with the rounds of this process; leaves it empty if one is no number. */
    public Row set(String column, double... rounds) {
      if (Arrays.stream(rounds).allMatch(Double::isFinite)) {
        cells.put(column, Values.of(rounds));
      }
      return this;
    }
  }

  /** Lets the report draw two columns against each other. */
  public Table drawnAs(String title, String x, String y) {
    scatter = new Scatter(title, x, y);
    return this;
  }

  /** The row of this label, made when it is not there. */
  public Row row(String label, Side side) {
    Optional<Row> known = rows.stream().filter(row -> row.label.equals(label)).findFirst();
    if (known.isPresent()) {
      return known.get();
    }
    Row row = new Row(label, side, new LinkedHashMap<>());
    rows.add(row);
    return row;
  }

  /** What it shows. */
  public String title() {
    return title;
  }

  /** Its columns. */
  public List<Column> columns() {
    return columns;
  }

  /** Its rows, in order. */
  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** The two columns to draw against each other, if any. */
  public Optional<Scatter> scatter() {
    return Optional.ofNullable(scatter);
  }

  /**
   * The column of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Column column(String name) {
    return columns.stream()
        .filter(column -> column.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "The table '" + title + "' has no column '" + name + "', but " + columns));
  }

  /** What was measured, from top to bottom of a column. */
  public List<Estimate> estimates(Column column) {
    return rows.stream()
        .map(row -> row.cells().get(column.name()))
        .filter(Objects::nonNull)
        .map(Values::estimate)
        .toList();
  }

  void add(Table other) {
    for (Row theirs : other.rows) {
      Map<String, Values> cells = row(theirs.label, theirs.side).cells;
      theirs.cells.forEach((column, values) -> cells.merge(column, values, Values::and));
    }
  }
}
