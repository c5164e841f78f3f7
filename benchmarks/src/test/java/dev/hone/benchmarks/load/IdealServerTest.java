package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class IdealServerTest {
  /** M/D/1, half of the time busy: P(W > t) is about 0.66 exp(-1.26 t / D), and D comes to it. */
  @Test
  void oneLaneWithoutBatchesIsAQueueWhoseWaitIsKnown() {
    IdealServer server = new IdealServer(1, 10);
    assertThat(server.p99Millis(0, 1)).isEqualTo(10);
    assertThat(server.p99Millis(1, 1)).isBetween(10.0, 20.0);
    assertThat(server.p99Millis(50, 1)).isCloseTo(43, within(4.0));
    assertThat(server.p99Millis(110, 1)).isGreaterThan(500);
  }

  @Test
  void twoLanesServeMoreThanTwiceWhatOneDoesWithinALimit() {
    double one = new IdealServer(1, 10).highestPerSecond(50);
    double two = new IdealServer(2, 10).highestPerSecond(50);
    assertThat(one).isBetween(50.0, 65.0);
    assertThat(two).isGreaterThan(2 * one).isLessThan(200);
  }

  /** Whoever comes while a batch runs waits for it, and then for the own one. */
  @Test
  void batchesThatTakeNoLongerThanARowServeWhateverComesInTwiceTheirTime() {
    IdealServer server = new IdealServer(1, 10, 10, 10, 10);
    assertThat(server.p99Millis(100, 4)).isBetween(18.0, 21.0);
  }

  /** Sixteen rows take longer than anybody may wait, two do not. */
  @Test
  void largeBatchesAreNotTakenWhereTheyAreTooSlow() {
    double[] large = new double[16];
    large[0] = 10;
    large[1] = 12;
    for (int rows = 3; rows <= large.length; rows++) {
      large[rows - 1] = 1_000;
    }
    double known = new IdealServer(1, large).highestPerSecond(50);
    assertThat(known).isCloseTo(new IdealServer(1, 10, 12).highestPerSecond(50), within(2.0));
  }

  @Test
  void whatTakesLongerThanTheLimitAloneHasNoRate() {
    assertThat(new IdealServer(2, 10, 11).highestPerSecond(9)).isZero();
  }
}
