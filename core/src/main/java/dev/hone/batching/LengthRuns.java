package dev.hone.batching;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;

/*
 * Padding costs, so who joins whom matters. Sort a window of what waits by length and cut it into
 * runs so that the sum of the predicted times of all runs is least; that is a shortest path over
 * cut points, n times the batch limit steps. Cutting the sorted order only is no loss: T grows with
 * the length, so exchanging two rows between batches never helps. The run with the anchor is the
 * batch. The others stay and are cut anew next time, with what has come meanwhile.
 */

/**
 * Finds out which requests of like length run together with the one that must be served next, the
 * anchor. Not thread-safe: guarded by the forming lock.
 */
final class LengthRuns {
  private final CostModel costs;
  private final double[] least; // the time of the first so many requests
  private final int[] cut; // where the last run of the first so many requests begins
  private int begin;
  private int end;

  /**
   * One for windows of a size.
   *
   * @param most how many requests a window may have
   */
  LengthRuns(CostModel costs, int most) {
    this.costs = costs;
    this.least = new double[most + 1];
    this.cut = new int[most + 1];
  }

  /** Where the run with the anchor begins in the window. */
  int begin() {
    return begin;
  }

  /** Where it ends. */
  int end() {
    return end;
  }

  /**
   * Sorts a window by length and cuts it into runs.
   *
   * @param mostRows how many rows of a length a run of several requests may have
   * @param maxNanos how long such a run may take
   */
  void cut(List<Request> window, Request anchor, IntUnaryOperator mostRows, double maxNanos) {
    window.sort(Comparator.comparingInt(request -> request.length));
    cutWhereItCostsLeast(window, mostRows, maxNanos);
    int anchorAt = window.indexOf(anchor);
    end = window.size();
    while (cut[end] > anchorAt) {
      end = cut[end];
    }
    begin = cut[end];
    end += joinable(window, end, 1, mostRows, maxNanos);
    begin -= joinable(window, begin - 1, -1, mostRows, maxNanos);
  }

  private void cutWhereItCostsLeast(
      List<Request> window, IntUnaryOperator mostRows, double maxNanos) {
    least[0] = 0;
    for (int end = 1; end <= window.size(); end++) {
      Request longest = window.get(end - 1);
      int most = mostRows.applyAsInt(longest.length);
      int rows = 0;
      least[end] = Double.POSITIVE_INFINITY;
      for (int begin = end - 1; begin >= 0; begin--) {
        rows += window.get(begin).remainingRows();
        boolean single = begin == end - 1;
        if (!single && (rows > most || costs.predict(rows, longest.length) > maxNanos)) {
          break;
        }
        double time = least[begin] + costs.weigh(rows, longest.length);
        if (time < least[end]) {
          least[end] = time;
          cut[end] = begin;
        }
      }
    }
  }

  /**
   * How many more fit into the run that are as long as its longest, or as its shortest, if a row
   * gets no dearer: of equal rows, runs of equal size and full ones before a small one cost the
   * same, and others may come to join those that stay.
   *
   * @param at the first of them
   * @param step the way to the next one
   */
  private int joinable(
      List<Request> window, int at, int step, IntUnaryOperator mostRows, double maxNanos) {
    int longest = window.get(end - 1).length;
    int length = window.get(at - step).length;
    int most = mostRows.applyAsInt(longest);
    int rows = 0;
    for (int i = begin; i < end; i++) {
      rows += window.get(i).remainingRows();
    }
    int next = at;
    while (next >= 0 && next < window.size() && window.get(next).length == length) {
      int more = rows + window.get(next).remainingRows();
      if (more > most
          || costs.predict(more, longest) > maxNanos
          || costs.weigh(more, longest) * rows > costs.weigh(rows, longest) * more) {
        break;
      }
      rows = more;
      next += step;
    }
    return Math.abs(next - at);
  }
}
