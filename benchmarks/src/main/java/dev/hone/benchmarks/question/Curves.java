package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Entrant.Side;
import java.util.List;

/**
 * Lines in one picture, for example waiting time against load.
 *
 * @param title what it shows
 * @param xAxis what runs to the right, with its unit
 * @param yAxis what runs upwards, with its unit
 * @param curves the lines
 */
public record Curves(String title, String xAxis, String yAxis, List<Curve> curves) {
  /**
   * One line.
   *
   * @param label whose it is, in words
   * @param side whose it is
   * @param points from left to right; what is no number is left out
   */
  public record Curve(String label, Side side, List<Point> points) {
    /** Copies the points. */
    public Curve {
      points = points.stream().filter(Point::isFinite).toList();
    }
  }

  /**
   * A place in the picture.
   *
   * @param x to the right
   * @param y upwards
   */
  public record Point(double x, double y) {
    boolean isFinite() {
      return Double.isFinite(x) && Double.isFinite(y);
    }
  }
}
