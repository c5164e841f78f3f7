package dev.hone.benchmarks.report;

import java.util.Locale;

/**
 * A picture under construction. Colours and fonts come from the style sheet of the page, by class,
 * so that one picture serves light, dark and paper.
 */
final class Svg {
  static final int WIDTH = 760;

  private final StringBuilder body = new StringBuilder();

  Svg line(String style, double x1, double y1, double x2, double y2) {
    return add("<line class='%s' x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f'/>", style, x1, y1, x2, y2);
  }

  Svg rect(String style, double x, double y, double width, double height) {
    return add(
        "<rect class='%s' x='%.1f' y='%.1f' width='%.1f' height='%.1f' rx='2'/>",
        style, x, y, Math.max(0, width), height);
  }

  Svg circle(String style, double x, double y, double radius) {
    return add("<circle class='%s' cx='%.1f' cy='%.1f' r='%.1f'/>", style, x, y, radius);
  }

  Svg path(String style, String points) {
    return add("<polyline class='%s' points='%s'/>", style, points);
  }

  /** Text; {@code anchor} is start, middle or end. */
  Svg text(String style, String anchor, double x, double y, String text) {
    return add(
        "<text class='%s' text-anchor='%s' x='%.1f' y='%.1f'>%s</text>",
        style, anchor, x, y, Html.escape(text));
  }

  /** Text that runs upwards, its middle at this place. */
  Svg upwards(String style, double x, double y, String text) {
    return add(
        "<text class='%s' text-anchor='middle' transform='translate(%.1f %.1f) rotate(-90)'>%s"
            + "</text>",
        style, x, y, Html.escape(text));
  }

  private Svg add(String format, Object... values) {
    body.append(String.format(Locale.ROOT, format, values)).append('\n');
    return this;
  }

  /** A horizontal axis with grid lines from {@code top} to {@code bottom} and its name below. */
  Svg horizontal(Axis axis, String name, double top, double bottom) {
    for (double tick : axis.ticks()) {
      double x = axis.place(tick);
      line("grid", x, top, x, bottom);
      text("tick", "middle", x, bottom + 16, Numbers.of(tick));
    }
    return text("axis", "middle", (axis.start() + axis.end()) / 2, bottom + 36, name);
  }

  /** A vertical axis with grid lines from {@code left} to {@code right} and its name beside it. */
  Svg vertical(Axis axis, String name, double left, double right) {
    for (double tick : axis.ticks()) {
      double y = axis.place(tick);
      line("grid", left, y, right, y);
      text("tick", "end", left - 6, y + 4, Numbers.of(tick));
    }
    return upwards("axis", left - 52, (axis.start() + axis.end()) / 2, name);
  }

  /** The finished picture. */
  String finish(int height, String title) {
    return "<figure><figcaption>"
        + Html.escape(title)
        + "</figcaption>\n<svg viewBox='0 0 "
        + WIDTH
        + " "
        + height
        + "' role='img' aria-label='"
        + Html.escape(title).replace("'", "&#39;")
        + "'>\n"
        + body
        + "</svg></figure>\n";
  }
}
