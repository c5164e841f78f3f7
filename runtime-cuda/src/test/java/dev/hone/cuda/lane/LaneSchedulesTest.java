package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.contract.NoLeaks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random schedules of submitting, cancelling, failing and closing, each from a seed of its own, on
 * a device that finds every wrong use. What came out right is compared with what is right.
 */
@ExtendWith(NoLeaks.class)
class LaneSchedulesTest {
  private static Schedule.Tally run(int schedules) {
    Schedule.Tally tally = new Schedule.Tally();
    for (int seed = 0; seed < schedules; seed++) {
      new Schedule(seed, tally).run();
    }
    System.out.println(schedules + " schedules: " + tally); // so that a log tells what was tried
    return tally;
  }

  /** That all of it happened, and often, so that the schedules say something. */
  private static void isVaried(Schedule.Tally tally, int schedules) {
    assertThat(tally.answered).isGreaterThan(schedules);
    assertThat(tally.cancelled).isGreaterThan(schedules / 4);
    assertThat(tally.dropped).isGreaterThan(schedules / 4);
    assertThat(tally.failed).isGreaterThan(schedules / 10);
    assertThat(tally.lost).isGreaterThan(schedules / 20);
    assertThat(tally.replayed).isGreaterThan(schedules / 20);
    assertThat(tally.closedUnderWay).isGreaterThan(schedules / 10);
  }

  @Test
  void nothingLeaksNothingIsUsedLateAndEveryAnswerIsRight() {
    isVaried(run(10_000), 10_000);
  }
}
