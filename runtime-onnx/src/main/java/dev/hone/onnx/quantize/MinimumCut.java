package dev.hone.onnx.quantize;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The cheapest way to part a network into a side of the source and a side of the sink: what is paid
 * is the capacity of all arcs that lead from the one to the other.
 *
 * <p>By the theorem of Ford and Fulkerson (1956) it equals the greatest flow, which is found by
 * augmenting along shortest paths (Edmonds and Karp, 1972), {@code O(V E²)} at worst. Of several
 * cheapest cuts the one with the smallest source side is taken, so the answer is unique.
 */
final class MinimumCut {
  /** A capacity that no cut may contain. */
  static final long NEVER = Long.MAX_VALUE / 4;

  private static final int SOURCE = 0;
  private static final int SINK = 1;

  private final List<List<Integer>> arcsOf = new ArrayList<>();
  private final List<Integer> heads = new ArrayList<>();
  private final List<Long> residuals = new ArrayList<>();
  private long flow;

  /** A network of a source and a sink. */
  MinimumCut() {
    addNode();
    addNode();
  }

  /** The source. */
  int source() {
    return SOURCE;
  }

  /** The sink. */
  int sink() {
    return SINK;
  }

  /** Adds a node. */
  int addNode() {
    arcsOf.add(new ArrayList<>());
    return arcsOf.size() - 1;
  }

  /** Adds an arc that costs {@code capacity}, at least 0, if it is cut. */
  void connect(int from, int to, long capacity) {
    arc(from, to, capacity);
    arc(to, from, 0);
  }

  private void arc(int from, int to, long capacity) {
    arcsOf.get(from).add(heads.size());
    heads.add(to);
    residuals.add(capacity);
  }

  /** Which nodes lie on the side of the source. */
  boolean[] sourceSide() {
    int[] arrivals = search();
    while (arrivals[SINK] >= 0) {
      augment(arrivals);
      arrivals = search();
    }
    boolean[] side = new boolean[arcsOf.size()];
    for (int node = 0; node < side.length; node++) {
      side[node] = node == SOURCE || arrivals[node] >= 0;
    }
    return side;
  }

  /** What the cut of {@link #sourceSide}, which must have been asked for, costs. */
  long cost() {
    return flow;
  }

  /** By which arc each node is reached from the source where capacity is left, or -1. */
  private int[] search() {
    int[] arrivals = new int[arcsOf.size()];
    Arrays.fill(arrivals, -1);
    Deque<Integer> open = new ArrayDeque<>(List.of(SOURCE));
    while (!open.isEmpty()) {
      for (int arc : arcsOf.get(open.remove())) {
        int head = heads.get(arc);
        if (head != SOURCE && arrivals[head] < 0 && residuals.get(arc) > 0) {
          arrivals[head] = arc;
          open.add(head);
        }
      }
    }
    return arrivals;
  }

  private void augment(int[] arrivals) {
    long more = Long.MAX_VALUE;
    for (int node = SINK; node != SOURCE; node = tail(arrivals[node])) {
      more = Math.min(more, residuals.get(arrivals[node]));
    }
    flow += more;
    for (int node = SINK; node != SOURCE; node = tail(arrivals[node])) {
      int arc = arrivals[node];
      residuals.set(arc, residuals.get(arc) - more);
      residuals.set(arc ^ 1, residuals.get(arc ^ 1) + more);
    }
  }

  private int tail(int arc) {
    return heads.get(arc ^ 1);
  }
}
