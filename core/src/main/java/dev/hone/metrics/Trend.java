package dev.hone.metrics;

import java.util.ArrayList;
import java.util.List;

/*
 * The line that is nearest to points (x, y) with weights w, in the sense of least squares, has the
 * slope
 *
 *     a = C / V     C = sum w (x - x') (y - y'),   V = sum w (x - x')^2,   x', y': weighted means
 *
 * Of S = sum w (y - y')^2 it explains a C and leaves R = S - a C. If n points scatter independently
 * with variances that fall with their weights, R / (n - 2) estimates the variance of a point of
 * weight 1, and a has the standard error
 *
 *     e = sqrt(R / (n - 2) / V)
 *
 * Where nothing changes, a is above e in one case of six, and then not by much.
 *
 * A step from one level to another makes a slope as well, though nothing rises any more. A step
 * after point k, with weights W1 and W2 and means m1 and m2 before and after it, explains
 *
 *     W1 W2 / (W1 + W2) (m1 - m2)^2
 *
 * of S. Of an even rise the line explains all, and the best step 3/4; of a step in the middle it is
 * the other way round. So what explains more is believed; where nothing changes that is the step,
 * nearly always, since it can be chosen from many.
 */

/** Whether, and how fast, something rises. Points come in the order of x. */
final class Trend {
  private record Point(double w, double x, double y) {}

  private final List<Point> points = new ArrayList<>();

  void add(double w, double x, double y) {
    points.add(new Point(w, x, y));
  }

  /** The slope less what may be chance; 0 if that is all there is, or if it is a step. */
  double rise() {
    double weight = points.stream().mapToDouble(Point::w).sum();
    double meanX = points.stream().mapToDouble(p -> p.w * p.x).sum() / weight;
    double meanY = points.stream().mapToDouble(p -> p.w * p.y).sum() / weight;
    double c = 0;
    double v = 0;
    double s = 0;
    double before = 0; // weight of the points so far
    double above = 0; // their sum of w (y - meanY)
    double step = 0;
    for (Point p : points) {
      c += p.w * (p.x - meanX) * (p.y - meanY);
      v += p.w * (p.x - meanX) * (p.x - meanX);
      s += p.w * (p.y - meanY) * (p.y - meanY);
      before += p.w;
      above += p.w * (p.y - meanY);
      if (before < weight) {
        step = Math.max(step, above * above * weight / (before * (weight - before)));
      }
    }
    if (points.size() < 3 || v <= 0 || c <= 0 || step >= c * c / v) {
      return 0;
    }
    double error = Math.sqrt(Math.max(0, s - c * c / v) / (points.size() - 2) / v);
    return Math.max(0, c / v - error);
  }
}
