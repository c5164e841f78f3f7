package dev.hone.benchmarks.report;

import java.util.List;

/**
 * A report before it is written down as HTML or Markdown.
 *
 * @param title of the whole
 * @param sections its parts
 */
record Page(String title, List<Section> sections) {
  /**
   * A part under a heading.
   *
   * @param title the heading; empty for what stands before all others
   * @param blocks what is in it
   */
  record Section(String title, List<Block> blocks) {}

  /** A piece of a section. */
  sealed interface Block permits Heading, Text, Bullets, Grid, Picture {}

  /** A smaller heading. */
  record Heading(String text) implements Block {}

  /** A paragraph; {@code style} is a class of the style sheet or empty. */
  record Text(String style, String text) implements Block {}

  /** A list; folded away on the screen if it has a summary. */
  record Bullets(String summary, List<String> lines) implements Block {}

  /** A table. The first column is text, the others are numbers. */
  record Grid(List<String> header, List<Row> rows) implements Block {}

  /** A row of a table; {@code style} is a class of the style sheet or empty. */
  record Row(String style, List<Cell> cells) {}

  /** A cell: its text, and what may stand below it in small. */
  record Cell(String text, String small) {}

  /** A picture as SVG in a figure; not in Markdown. */
  record Picture(String svg) implements Block {}
}
