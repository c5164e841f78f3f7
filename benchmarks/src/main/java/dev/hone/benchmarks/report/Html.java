package dev.hone.benchmarks.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Writes a page as one HTML file that needs nothing else. */
final class Html {
  private static final int MANY = 7; // columns that fit beside each other in usual letters

  private final StringBuilder text = new StringBuilder();

  private Html() {}

  static String of(Page page) {
    Html html = new Html();
    html.page(page);
    return html.text.toString();
  }

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void page(Page page) {
    text.append("<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n")
        .append("<meta name='viewport' content='width=device-width, initial-scale=1'>\n")
        .append("<title>" + escape(page.title()) + "</title>\n")
        .append("<style>\n" + styleSheet() + "</style>\n</head>\n<body>\n")
        .append("<h1>" + escape(page.title()) + "</h1>\n");
    for (Page.Section section : page.sections()) {
      text.append("<section>\n");
      if (!section.title().isEmpty()) {
        text.append("<h2>" + escape(section.title()) + "</h2>\n");
      }
      section.blocks().forEach(this::block);
      text.append("</section>\n");
    }
    text.append("</body>\n</html>\n");
  }

  private static String styleSheet() {
    try (InputStream in = Objects.requireNonNull(Html.class.getResourceAsStream("report.css"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void block(Page.Block block) {
    if (block instanceof Page.Heading heading) {
      text.append("<h3>" + escape(heading.text()) + "</h3>\n");
    } else if (block instanceof Page.Text paragraph) {
      text.append("<p" + style(paragraph.style()) + ">" + escape(paragraph.text()) + "</p>\n");
    } else if (block instanceof Page.Bullets list) {
      list(list);
    } else if (block instanceof Page.Grid grid) {
      grid(grid);
    } else if (block instanceof Page.Picture picture) {
      text.append(picture.svg());
    }
  }

  private void list(Page.Bullets list) {
    boolean folded = !list.summary().isEmpty();
    text.append(folded ? "<details><summary>" + escape(list.summary()) + "</summary>\n" : "");
    text.append("<ul>\n");
    list.lines().forEach(line -> text.append("<li>" + escape(line) + "</li>\n"));
    text.append(folded ? "</ul></details>\n" : "</ul>\n");
  }

  private void grid(Page.Grid grid) {
    text.append("<div class='scroll'><table" + style(grid.header().size() > MANY ? "wide" : ""));
    text.append(">\n<tr>");
    for (int i = 0; i < grid.header().size(); i++) {
      text.append("<th" + style(i > 0 ? "n" : "") + ">" + escape(grid.header().get(i)) + "</th>");
    }
    text.append("</tr>\n");
    for (Page.Row row : grid.rows()) {
      text.append("<tr" + style(row.style()) + ">");
      for (int i = 0; i < row.cells().size(); i++) {
        Page.Cell cell = row.cells().get(i);
        text.append("<td" + style(i > 0 ? "n" : "") + ">" + escape(cell.text()));
        text.append(cell.small().isEmpty() ? "" : "<small>" + escape(cell.small()) + "</small>");
        text.append("</td>");
      }
      text.append("</tr>\n");
    }
    text.append("</table></div>\n");
  }

  private static String style(String name) {
    return name.isEmpty() ? "" : " class='" + name + "'";
  }
}
