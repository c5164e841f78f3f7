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

  @Test
  void rowsLongerThanAnythingMeasuredAreLearnedOf() {
    CostModel costs = believingOfLengths(1_000);
    int length = 20_000;
    for (int i = 0; i < 2_000; i++) {
      costs.observe(1 + i % MOST, length, (1 + i % MOST) * 100_000_000L);
    }
    assertThat(costs.predict(1, length)).isBetween(80e6, 120e6);
    assertThat(costs.predict(4, length)).isBetween(320e6, 480e6);
    assertThat(costs.rowNanos(length)).isBetween(80_000_000L, 120_000_000L);
  }

  @Test
  void whateverIsLearnedEveryBatchTakesSomeTime() {
    CostModel costs = believingOfLengths(1_000);
    int[] lengths = {100_000, 4_097, 5, 3_000, Integer.MAX_VALUE};
    for (int i = 0; i < 500; i++) {
      int length = lengths[i % lengths.length];
      costs.observe(1 + i % MOST, length, i % 7 == 0 ? 10_000_000_000L : 1_000);
      for (int asked : lengths) {
        assertThat(costs.predict(1 + i % MOST, asked)).isPositive();
        assertThat(costs.rowNanos(asked)).isPositive();
      }
    }
  }

  private static CostModel believingOfLengths(double tokenNanos) {
    CostGrid grid = new CostGrid(true);
    for (int length = 0; length < CostModel.lengthNodes(true); length++) {
      for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
        grid.put(length, rows, tokenNanos * (CostModel.SHORTEST << length) * (1 << rows));
      }
    }
    return grid.model(MOST);
  }
}
