package dev.hone.benchmarks.precision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExactnessTest {
  private static final List<String> COLUMNS = List.of("speed", "cosine");

  private final Table table =
      new Table(
          "Models",
          Column.higher("speed", "x"),
          Column.higher("cosine", ""),
          Column.lower("file", "MB"));
  private final Table.Row ours = table.row("ours", Side.OURS);
  private final Table.Row published = table.row("published", Side.THEIRS);

  @Test
  void whatIsBetterForThePublishedFileIsLost() {
    ours.set("speed", 2).set("cosine", 0.99).set("file", 23);
    published.set("speed", 3).set("cosine", 0.98).set("file", 22);
    assertThat(Exactness.lost(table, "ours", "published", COLUMNS)).hasValue(2);
  }

  @Test
  void whereAColumnIsMissingNothingIsTold() {
    ours.set("speed", 2).set("cosine", 0.99).set("file", 23);
    published.set("speed", 1).set("file", 24);
    assertThat(Exactness.lost(table, "ours", "published", COLUMNS)).isEmpty();
    published.set("cosine", Double.NaN);
    assertThat(Exactness.lost(table, "ours", "published", COLUMNS)).isEmpty();
    published.set("cosine", 0.98);
    assertThat(Exactness.lost(table, "ours", "published", COLUMNS)).hasValue(0);
  }

  @Test
  void whereTheSizeIsMissingNothingIsTold() {
    ours.set("speed", 2).set("cosine", 0.99).set("file", 23);
    published.set("speed", 1).set("cosine", 0.98);
    assertThat(Exactness.lost(table, "ours", "published", COLUMNS)).isEmpty();
  }
}
