package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Cuts of small networks, held against all possible ones. */
class MinimumCutTest {
  private static final int NODES = 7;

  @Test
  void noOtherCutIsCheaper() {
    Random random = new Random(17);
    for (int round = 0; round < 200; round++) {
      long[][] capacity = new long[NODES + 2][NODES + 2];
      MinimumCut cut = new MinimumCut();
      for (int i = 0; i < NODES; i++) {
        cut.addNode();
      }
      for (int from = 0; from < capacity.length; from++) {
        for (int to = 0; to < capacity.length; to++) {
          if (from != to && random.nextInt(3) == 0) {
            capacity[from][to] = random.nextInt(20);
            cut.connect(from, to, capacity[from][to]);
          }
        }
      }
      assertThat(cost(capacity, cut.sourceSide())).isEqualTo(cheapest(capacity));
      assertThat(cut.cost()).isEqualTo(cheapest(capacity));
    }
  }

  @Test
  void anArcThatMustNotBeCutKeepsItsEndsTogether() {
    MinimumCut cut = new MinimumCut();
    int one = cut.addNode();
    int other = cut.addNode();
    cut.connect(cut.source(), one, 5);
    cut.connect(one, other, MinimumCut.NEVER);
    cut.connect(other, cut.sink(), 7);
    assertThat(cut.sourceSide()[one]).isEqualTo(cut.sourceSide()[other]).isFalse();
  }

  private static long cheapest(long[][] capacity) {
    long least = Long.MAX_VALUE;
    for (int bits = 0; bits < 1 << NODES; bits++) {
      boolean[] side = new boolean[NODES + 2];
      side[0] = true;
      for (int i = 0; i < NODES; i++) {
        side[i + 2] = (bits >> i & 1) == 1;
      }
      least = Math.min(least, cost(capacity, side));
    }
    return least;
  }

  private static long cost(long[][] capacity, boolean[] side) {
    long cost = 0;
    for (int from = 0; from < side.length; from++) {
      for (int to = 0; to < side.length; to++) {
        cost += side[from] && !side[to] ? capacity[from][to] : 0;
      }
    }
    return cost;
  }
}
