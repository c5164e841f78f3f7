package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A machine in miniature: so many callers, who always call, and a time for each manner of call. */
class TrialTest {
  private static final long MICRO = 1_000;

  private long now;
  private final Deque<Long> begun = new ArrayDeque<>();
  private long sharedNanos = 100 * MICRO; // from one end to the next
  private long aloneNanos = 100 * MICRO;
  private long sharedCalls;
  private long calls;

  private Trial trial(boolean shares) {
    return new Trial(shares, 0, () -> now);
  }

  /** Callers call all the time; returns the share of calls that shared. */
  private double load(Trial trial, int callers, int count) {
    sharedCalls = 0;
    calls = 0;
    while (begun.size() < callers) {
      begin(trial);
    }
    while (begun.size() > callers) {
      end(trial);
    }
    for (int i = 0; i < count; i++) {
      boolean shares = trial.shares();
      now += shares ? sharedNanos : aloneNanos;
      sharedCalls += shares ? 1 : 0;
      calls++;
      end(trial);
      begin(trial);
    }
    return (double) sharedCalls / calls;
  }

  private void begin(Trial trial) {
    trial.began(now);
    begun.add(now);
    now += 17; // no two calls begin in the same moment, or they would all be looked at, or none
  }

  private void end(Trial trial) {
    int underWay = begun.size();
    trial.ended(begun.remove(), underWay);
  }

  @Test
  void callsStopSharingWhereThatCostsMoreThanItSaves() {
    Trial trial = trial(true);
    aloneNanos = 70 * MICRO;
    load(trial, 8, 2_000);
    assertThat(trial.shares()).isFalse();
    assertThat(load(trial, 8, 50_000)).isLessThan(0.05);
  }

  @Test
  void callsBeginToShareWhereThatTurnsOutToPay() {
    Trial trial = trial(false);
    sharedNanos = 70 * MICRO;
    load(trial, 64, 2_000);
    assertThat(load(trial, 64, 50_000)).isGreaterThan(0.95);
  }

  @Test
  void whatPaidIsGivenUpWhenItDoesNotPayAnyMore() {
    Trial trial = trial(true);
    aloneNanos = 150 * MICRO;
    assertThat(load(trial, 8, 50_000)).isGreaterThan(0.95);
    aloneNanos = 50 * MICRO;
    load(trial, 8, 100_000);
    assertThat(load(trial, 8, 50_000)).isLessThan(0.05);
    aloneNanos = 150 * MICRO;
    load(trial, 8, 100_000);
    assertThat(load(trial, 8, 50_000)).isGreaterThan(0.95);
  }

  @Test
  void trialsOfWhatIsVeryBadAreRare() {
    Trial trial = trial(true);
    aloneNanos = 20 * sharedNanos;
    long begin = now;
    load(trial, 64, 300_000);
    double needed = 300_000.0 * sharedNanos;
    assertThat((now - begin) / needed).isLessThan(1.05);
  }

  @Test
  void trialsOfTinyCallsTakeLittleOfTheTime() {
    Trial trial = trial(false);
    long sharedInAll = 0;
    while (now < 20_000_000 * MICRO) { // two of 64 threads call at once, or all of them wait
      long nanos = trial.shares() ? 10 * MICRO : 2 * MICRO;
      int callers = trial.shares() ? 64 : 2;
      while (begun.size() > callers) {
        end(trial);
      }
      while (begun.size() < callers) {
        begin(trial);
      }
      sharedInAll += trial.shares() ? nanos : 0;
      now += nanos;
      end(trial);
    }
    assertThat((double) sharedInAll / now).isLessThan(0.02);
  }

  @Test
  void batchesThatNeedAFewMillisecondsToGrowAreJudgedWhenTheyHave() {
    Trial trial = trial(false);
    aloneNanos = 15 * MICRO;
    long sharesSince = 0;
    for (int i = 0; i < 400_000; i++) {
      sharesSince = trial.shares() ? sharesSince : now;
      sharedNanos = (now - sharesSince < 6_000 * MICRO ? 20 : 10) * MICRO;
      load(trial, 64, 1);
    }
    assertThat(load(trial, 64, 50_000)).isGreaterThan(0.9);
  }

  @Test
  void equalMannersAreNotChangedAllTheTime() {
    Trial trial = trial(true);
    SplittableRandom random = new SplittableRandom(1);
    int changes = 0;
    boolean before = true;
    for (int i = 0; i < 200; i++) {
      sharedNanos = 98 * MICRO + random.nextInt(4_000);
      aloneNanos = 98 * MICRO + random.nextInt(4_000);
      load(trial, 16, 1_000);
      changes += trial.shares() == before ? 0 : 1;
      before = trial.shares();
    }
    assertThat(changes).isLessThan(60); // a trial that is under way when we look counts too
    assertThat(load(trial, 16, 50_000)).isGreaterThan(0.7);
  }

  @Test
  void eachNumberOfCallersHasAVerdictOfItsOwn() {
    Trial trial = trial(true);
    aloneNanos = 70 * MICRO;
    load(trial, 8, 20_000);
    aloneNanos = 150 * MICRO;
    load(trial, 64, 20_000);
    assertThat(load(trial, 64, 100_000)).isGreaterThan(0.9);
    aloneNanos = 70 * MICRO;
    load(trial, 8, 500); // remembers; a new trial would have to come first
    assertThat(load(trial, 8, 20_000)).isLessThan(0.2);
  }

  @Test
  void loadThatPausesIsTriedTooWithoutThePauses() {
    Trial trial = trial(true);
    aloneNanos = 70 * MICRO;
    for (int burst = 0; burst < 100; burst++) {
      load(trial, 64, 150);
      load(trial, 0, 0);
      now += 100_000 * MICRO;
    }
    assertThat(trial.shares()).isFalse();
  }

  @Test
  void badTrialsInLoadThatPausesAreRare() {
    Trial trial = trial(true);
    aloneNanos = 400 * MICRO;
    double alone = 0;
    for (int burst = 0; burst < 300; burst++) {
      alone += 1 - load(trial, 64, 150);
      load(trial, 0, 0);
      now += 100_000 * MICRO;
    }
    assertThat(alone / 300).isLessThan(0.05);
  }

  @Test
  void aBatchWhoseCallersAllComeBackTogetherCountsAsTheTimeItTakes() {
    Trial trial = trial(true);
    for (int round = 0; round < 2_000; round++) { // of eight callers, in one batch or one by one
      for (int i = 0; i < 8; i++) {
        begin(trial);
      }
      boolean shares = trial.shares();
      now += shares ? 1_000 * MICRO : 0;
      for (int left = 8; left > 0; left--) {
        now += shares ? 0 : 80 * MICRO; // the mean is 360, and the last one waits 640
        end(trial);
      }
    }
    assertThat(trial.shares()).isFalse();
  }

  @Test
  void whatOpeningForetellsToBeBadIsTriedLate() {
    Trial trial = new Trial(true, 5, () -> now);
    aloneNanos = 5 * sharedNanos;
    assertThat(load(trial, 64, 10_000)).isEqualTo(1);
  }

  @Test
  void whatOpeningForetellsIsTriedAllTheSame() {
    Trial trial = new Trial(true, 5, () -> now);
    aloneNanos = 70 * MICRO;
    load(trial, 64, 100_000);
    assertThat(load(trial, 64, 50_000)).isLessThan(0.05);
  }

  @Test
  void allTrialsTogetherCostLittleWhereTheNumberOfCallersChanges() {
    Trial trial = trial(true);
    aloneNanos = 4 * sharedNanos;
    long count = 0;
    for (int round = 0; round < 400; round++) {
      for (int callers = 2; callers <= 64; callers *= 2) {
        load(trial, callers, 400);
        count += 400;
      }
    }
    assertThat(now / (double) (count * sharedNanos)).isLessThan(1.05);
  }

  @Test
  void aTrialThatAPauseInterruptsDoesNotPutOffTheNextOneByThePause() {
    Trial trial = trial(true);
    aloneNanos = 30 * MICRO;
    load(trial, 64, 200); // in the middle of a trial
    load(trial, 0, 0);
    now += 10_000_000 * MICRO;
    load(trial, 8, 2_000);
    assertThat(load(trial, 8, 20_000)).isLessThan(0.1);
  }

  @Test
  void aWayThatHasFarFewerCallsUnderWayAtTheSameRateIsFound() {
    Trial trial = trial(true);
    long shared = 0;
    for (int i = 0; i < 20_000; i++) { // a call each 100 us, which takes 10 ms, or 200 us
      begin(trial);
      now += 100 * MICRO;
      int most = trial.shares() ? 100 : 2;
      while (begun.size() >= most) {
        end(trial);
      }
      shared += i >= 10_000 && trial.shares() ? 1 : 0;
    }
    assertThat(shared).isLessThan(1_000);
  }

  @Test
  void oneTrialInABadMomentDoesNotRefuteWhatOpeningFound() {
    Trial trial = new Trial(true, 3, () -> now);
    aloneNanos = 3 * sharedNanos;
    while (load(trial, 8, 10) == 1) { // until a trial begins
      assertThat(now).isLessThan(100_000_000 * MICRO);
    }
    aloneNanos = 80 * MICRO; // others take the machine while calls share
    while (!trial.shares()) {
      load(trial, 8, 10);
    }
    aloneNanos = 3 * sharedNanos;
    assertThat(load(trial, 8, 2_000)).isGreaterThan(0.9);
  }

  @Test
  void aMachineThatStallsDuringATrialDoesNotPutOffTheNextOneForLong() {
    Trial trial = trial(true);
    aloneNanos = 30 * MICRO;
    while (load(trial, 8, 10) == 1) { // until a trial begins
      assertThat(now).isLessThan(100_000_000 * MICRO);
    }
    now += 10_000_000 * MICRO;
    assertThat(load(trial, 8, 300_000)).isLessThan(0.5);
  }
}
