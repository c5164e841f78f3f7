package dev.hone.benchmarks.report;

import java.util.List;
import java.util.stream.Collector;
import java.util.stream.Collectors;

/** Writes a page as Markdown, without its pictures. */
final class Markdown {
  private Markdown() {}

  static String of(Page page) {
    StringBuilder text = new StringBuilder("# " + page.title() + "\n");
    for (Page.Section section : page.sections()) {
      text.append(section.title().isEmpty() ? "" : "\n## " + section.title() + "\n");
      section.blocks().forEach(block -> text.append(of(block)));
    }
    return text.toString();
  }

  private static String of(Page.Block block) {
    if (block instanceof Page.Heading heading) {
      return "\n### " + heading.text() + "\n";
    } else if (block instanceof Page.Text paragraph) {
      return "\n" + paragraph.text() + "\n";
    } else if (block instanceof Page.Bullets list) {
      String summary = list.summary().isEmpty() ? "" : "\n" + list.summary() + ":\n";
      return summary
          + "\n"
          + list.lines().stream().map(line -> "* " + line + "\n").collect(joined());
    } else if (block instanceof Page.Grid grid) {
      return "\n" + grid(grid);
    }
    return "";
  }

  static String grid(Page.Grid grid) {
    return row(grid.header())
        + "|---|"
        + "--:|".repeat(grid.header().size() - 1)
        + "\n"
        + grid.rows().stream()
            .map(row -> row(row.cells().stream().map(Markdown::cell).toList()))
            .collect(joined());
  }

  private static String cell(Page.Cell cell) {
    return cell.text() + (cell.small().isEmpty() ? "" : " (" + cell.small() + ")");
  }

  private static String row(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining();
  }
}
