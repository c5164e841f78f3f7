package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.batching.CostModel.Trying;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final int MOST = 16;

  /** What batches really take: most of it whatever they hold. */
  private static long realNanos(int rows) {
    return 20_000 + 4_000L * rows;
  }

  private static int rowsAfter(CostModel costs, int batches) {
    return rowsAfter(costs, batches, CostModelTest::realNanos);
  }

  /** Forms batches as the former does, some of them as a try, and learns from them. */
  private static int rowsAfter(CostModel costs, int batches, IntToLongFunction realNanos) {
    for (int i = 1; i <= batches; i++) {
      costs.setTrying(Trying.in(i, true));
      int rows = costs.bestRows(MOST, CostModel.SHORTEST);
      costs.setTrying(Trying.NOTHING);
      costs.observe(rows, CostModel.SHORTEST, realNanos.applyAsLong(rows));
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
  void smallSizesThatWereMeasuredFarTooDearAreFoundGoodAfterAll() {
    CostGrid grid = new CostGrid(false); // as if a batch cost something by itself; it does not
    for (int node = 0; node < CostModel.rowNodes(); node++) {
      grid.put(0, node, (double) realNanos(1 << node));
    }
    CostModel costs = grid.model(MOST);
    assertThat(costs.bestRows(MOST, CostModel.SHORTEST)).isEqualTo(MOST);
    assertThat(rowsAfter(costs, 2_000, rows -> 5_000L * rows)).isLessThanOrEqualTo(2);
  }

  @Test
  void whatIsTriedDoesNotUpsetWhatIsRight() {
    CostModel costs = believing(1);
    int before = costs.bestRows(MOST, CostModel.SHORTEST);
    assertThat(before).isEqualTo(MOST);
    assertThat(rowsAfter(costs, 1_000)).isEqualTo(before);
  }
}
