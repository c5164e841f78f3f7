package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final int MOST = 16;

  /** What batches really take: most of it whatever they hold. */
  private static long realNanos(int rows) {
    return 20_000 + 4_000L * rows;
  }

  /** Forms batches as the former does, one of sixteen as a try, and learns from them. */
  private static int rowsAfter(CostModel costs, int batches) {
    for (int i = 1; i <= batches; i++) {
      costs.setTrying(i % 16 == 0);
      int rows = costs.bestRows(MOST, CostModel.SHORTEST);
      costs.setTrying(false);
      costs.observe(rows, CostModel.SHORTEST, realNanos(rows));
    }
    return costs.bestRows(MOST, CostModel.SHORTEST);
  }

  private static CostModel believing(double factorAboveTwoRows) {
    CostGrid grid = new CostGrid(false);
    for (int node = 0; node < CostModel.rowNodes(); node++) {
      grid.put(0, node, realNanos(1 << node) * (node > 1 ? factorAboveTwoRows : 1));
    }
    return grid.model(MOST);
  }

  @Test
  void sizesThatWereMeasuredFarTooDearAreFoundGoodAfterAll() {
    CostModel costs = believing(8);
    assertThat(costs.bestRows(MOST, CostModel.SHORTEST)).isEqualTo(2);
    assertThat(rowsAfter(costs, 2_000)).isEqualTo(MOST);
  }

  @Test
  void whatIsTriedDoesNotUpsetWhatIsRight() {
    CostModel costs = believing(1);
    int before = costs.bestRows(MOST, CostModel.SHORTEST);
    assertThat(before).isEqualTo(MOST);
    assertThat(rowsAfter(costs, 1_000)).isEqualTo(before);
  }
}
