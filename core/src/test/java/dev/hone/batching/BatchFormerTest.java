package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who runs together, as far as it depends on when other lanes are free. */
@ExtendWith(NoLeaks.class)
class BatchFormerTest {
  private static final long NOBODY_HELPS = Long.MAX_VALUE;
  private static final long MILLI = 1_000_000;

  private final BatchPolicy policy =
      BatchPolicy.builder().evenIfItDoesNotPay().lanes(2).maxRows(16).build();
  private final ToySession toy = new ToySession();
  private final CostGrid grid = costs(MILLI, MILLI);
  private final Layout layout =
      Objects.requireNonNull(Opening.of(toy, policy, grid).verdict.layout());
  private final Admission admission =
      new Admission(
          policy, 2, Recorder.counting("test", new Capacity(2, 16, 0), new NothingWaits()));
  private final WaitingRoom room = new WaitingRoom(admission, policy.shares);
  private final long now = System.nanoTime();
  private final List<Batch> inputs = new ArrayList<>();

  /** A run takes so much, and so much more for each row, whatever the length. */
  private static CostGrid costs(double run, double row) {
    CostGrid grid = new CostGrid(true);
    for (int length = 0; length < CostModel.lengthNodes(true); length++) {
      for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
        grid.put(length, rows, run + row * (1 << rows));
      }
    }
    return grid;
  }

  private record NothingWaits() implements Gauges {
    @Override
    public long queuedRows() {
      return 0;
    }

    @Override
    public long oldestWaitNanos() {
      return 0;
    }

    @Override
    public long nativeBytes() {
      return 0;
    }

    @Override
    public long peakNativeBytes() {
      return 0;
    }
  }

  private void wait(int... lengths) {
    wait("", lengths);
  }

  private void wait(String tenant, int... lengths) {
    for (int length : lengths) {
      wait(tenant, ToySession.input(new long[length]), length);
    }
  }

  private void waitWithRows(int rows, int length) {
    wait("", ToySession.input(new long[rows][length]), length);
  }

  private void wait(String tenant, Batch in, int length) {
    RunOptions options = RunOptions.DEFAULT.withTenant(tenant);
    assertThat(waiting(options, in, length).isWaiting()).isTrue();
  }

  private void wait(RunOptions options) {
    assertThat(waiting(options).isWaiting()).isTrue();
  }

  private Request waiting(RunOptions options) {
    return waiting(options, ToySession.input(new long[5]), 5);
  }

  private Request waiting(RunOptions options, Batch in, int length) {
    inputs.add(in);
    Kind kind = Objects.requireNonNull(layout.kindOf(in, options.outputs()));
    Request request =
        new AsyncRequest(RequestEvents.NOBODY, this, kind, in, length, MILLI, options, now);
    admission.admit(request, (newer, retryAfter) -> false);
    room.add(request);
    return request;
  }

  /** How many batches are formed, with new calls of these kinds before each, until it is in one. */
  private static int batchesUntil(
      Request served, BatchFormer former, Runnable newCalls, int giveUpAfter) {
    for (int i = 1; i <= giveUpAfter; i++) {
      newCalls.run();
      if (Objects.requireNonNull(former.form(Dispatch.READY, 0, NOBODY_HELPS)).carries(served)) {
        return i;
      }
    }
    throw new AssertionError("It is not served in " + giveUpAfter + " batches.");
  }

  private int[] formed(long otherLaneNanos, long tellingNanos) {
    BatchFormer former =
        new BatchFormer(room, grid.model(16), new Limits(policy, 16), admission, tellingNanos);
    return next(former, otherLaneNanos, 0);
  }

  private int[] next(BatchFormer former, long otherLaneNanos, long laterNanos) {
    Flight flight =
        Objects.requireNonNull(former.form(Dispatch.READY, now + laterNanos, otherLaneNanos));
    return flight.pieces.stream().mapToInt(piece -> piece.request().length).sorted().toArray();
  }

  @AfterEach
  void close() {
    inputs.forEach(Batch::close);
    toy.close();
  }

  @Test
  void allThatWaitRunTogetherWhereNoOtherLaneHelps() {
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(formed(NOBODY_HELPS, 0)).hasSize(8);
  }

  @Test
  void aFreeLaneIsLeftHalfOfAllThatWaits() {
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(formed(0, 0)).hasSize(4);
  }

  @Test
  void aLaneThatIsFreeLaterIsLeftLess() {
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(formed(3 * MILLI, 0)).hasSize(6); // 7 ms here, 3 + 3 there, and not 9
  }

  @Test
  void aLaneThatIsFreeTooLateIsLeftNothing() {
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(formed(20 * MILLI, 0)).hasSize(8);
  }

  @Test
  void nothingIsLeftWhereThatGainsLittle() {
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    assertThat(formed(0, 100 * MILLI)).hasSize(8);
  }

  @Test
  void moreThanOneBatchIsNotDividedFurther() {
    int[] lengths = new int[40];
    Arrays.fill(lengths, 5);
    wait(lengths);
    assertThat(formed(0, 0)).hasSize(16);
  }

  @Test
  void whatIsLeftIsOfLikeLengthAndNeverTheOldest() {
    wait(11, 4, 9, 6, 5, 10, 7, 8);
    assertThat(formed(0, 0)).containsExactly(8, 9, 10, 11);
  }

  @Test
  void betweenTenantsNoRowIsInABatchThatCouldAsWellBeInTheNext() {
    int[] lengths = new int[40];
    Arrays.fill(lengths, 5);
    wait("light", 5);
    assertThat(formed(NOBODY_HELPS, 0)).hasSize(1);
    BatchFormer former =
        new BatchFormer(room, grid.model(16), new Limits(policy, 16), admission, 0);
    wait("heavy", lengths);
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(8); // 1.13 ms a row, and of 16, 1.06
    wait("light", 7);
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(4).contains(7); // 1.25 ms a row
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(8);
  }

  @Test
  void aTenantThatHasNotCalledForLongMakesOthersBatchesNoSmaller() {
    int[] lengths = new int[80];
    Arrays.fill(lengths, 5);
    wait("light", 5);
    assertThat(formed(NOBODY_HELPS, 0)).hasSize(1);
    BatchFormer former =
        new BatchFormer(room, grid.model(16), new Limits(policy, 16), admission, 0);
    wait("heavy", lengths);
    assertThat(next(former, NOBODY_HELPS, 10_000 * MILLI)).hasSize(8);
    assertThat(next(former, NOBODY_HELPS, 120_000 * MILLI)).hasSize(16);
    wait("light", new int[100]);
    assertThat(next(former, NOBODY_HELPS, 120_000 * MILLI)).hasSize(8); // as long as both wait
  }

  @Test
  void callsOfALightTenantGoTogetherWhateverTheirLengths() {
    int[] lengths = new int[40];
    Arrays.setAll(lengths, i -> 1 + i);
    wait("heavy", lengths);
    BatchFormer former =
        new BatchFormer(room, grid.model(16), new Limits(policy, 16), admission, 0);
    int[] unused = next(former, NOBODY_HELPS, 0);
    wait("light", 50, 100);
    assertThat(next(former, NOBODY_HELPS, 0)).contains(50, 100);
  }

  @Test
  void tenantsThatAskForAboutTheSameAreNoLightOnes() {
    for (int i = 0; i < 8; i++) {
      wait("tenant " + i, 5, 5, 5, 5, 5);
    }
    wait("tenant 0", 5);
    assertThat(formed(NOBODY_HELPS, 0)).hasSize(8); // and not 4
  }

  @Test
  void aTenantWithoutOthersGetsBatchesAsLargeAsAnybody() {
    int[] lengths = new int[40];
    Arrays.fill(lengths, 5);
    wait("only", lengths);
    assertThat(formed(NOBODY_HELPS, 0)).hasSize(16);
  }

  @Test
  void callsThatTogetherHaveMoreRowsThanAnyBatchAreServedOneByOne() {
    waitWithRows(CostModel.MAX_ROWS / 2 + 1, 5);
    waitWithRows(CostModel.MAX_ROWS / 2 + 1, 5);
    BatchPolicy large = BatchPolicy.builder().maxRows(CostModel.MAX_ROWS).build();
    Limits limits = new Limits(large, CostModel.MAX_ROWS);
    CostModel costs = grid.model(CostModel.MAX_ROWS);
    BatchFormer former = new BatchFormer(room, costs, limits, admission, 0);
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(1);
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(1);
  }

  @Test
  void aLightTenantIsServedAfterNothingButCallsThatFillABatchEach() {
    for (int i = 0; i < 8; i++) {
      wait("heavy", ToySession.input(new long[16][5]), 5);
    }
    BatchFormer former =
        new BatchFormer(room, grid.model(16), new Limits(policy, 16), admission, 0);
    for (int i = 0; i < 3; i++) {
      assertThat(next(former, NOBODY_HELPS, 0)).hasSize(1);
    }
    wait("light", 7); // its batch is one of those that try smaller sizes
    assertThat(next(former, NOBODY_HELPS, 0)).containsExactly(7);
  }

  @Test
  void aLightTenantWithManyCallsIsServedWhereLargeBatchesPay() {
    for (int i = 0; i < 200; i++) {
      wait("light", 5);
    }
    for (int i = 0; i < 900; i++) {
      wait("heavy", 5);
    }
    CostModel dear = costs(1e9, 1).model(1024);
    BatchPolicy large = BatchPolicy.builder().maxRows(1024).build();
    BatchFormer former = new BatchFormer(room, dear, new Limits(large, 1024), admission, 0);
    assertThat(next(former, NOBODY_HELPS, 0)).hasSize(128);
  }

  @Test
  void whoeverComesLateIsNotBehindWhatFilledTheBatchesOfOthers() {
    BatchFormer former = formerOfCheapRows();
    RunOptions urgent = RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE);
    wait(urgent);
    boolean[] odd = {false};
    Runnable urgentAndBulk = // so that an urgent one always waits
        () -> {
          odd[0] = !odd[0];
          wait(odd[0] ? urgent.withOutputs("tokens") : urgent);
          for (int i = 0; i < 4; i++) {
            wait(RunOptions.DEFAULT.withPriority(Priority.BULK));
          }
        };
    for (int i = 0; i < 50; i++) {
      urgentAndBulk.run();
      assertThat(former.form(Dispatch.READY, now, NOBODY_HELPS)).isNotNull();
    }
    Request late = waiting(RunOptions.DEFAULT.withOutputs("pooled"));
    assertThat(batchesUntil(late, former, urgentAndBulk, 200)).isLessThanOrEqualTo(3);
  }

  @Test
  void theOldestOfAPriorityIsServedThoughOthersOfItFillBatches() {
    BatchFormer former = formerOfCheapRows();
    RunOptions bulk = RunOptions.DEFAULT.withPriority(Priority.BULK);
    Runnable urgentAndBulk =
        () -> {
          wait(RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE));
          wait(bulk);
        };
    for (int i = 0; i < 3; i++) {
      Request other = waiting(bulk.withOutputs("pooled"));
      int batches = batchesUntil(other, former, urgentAndBulk, 200);
      assertThat(batches).as("a 64th of the machine, about").isLessThan(70);
    }
  }

  @Test
  void theOldestOfATenantIsServedThoughItsOtherCallsFillBatches() {
    BatchFormer former = formerOfCheapRows();
    RunOptions steady = RunOptions.DEFAULT.withTenant("steady");
    RunOptions mixed = RunOptions.DEFAULT.withTenant("mixed");
    Runnable calls =
        () -> {
          wait(steady);
          wait(mixed);
          wait(mixed);
        };
    calls.run();
    for (int i = 0; i < 3; i++) {
      Request other = waiting(mixed.withOutputs("pooled"));
      assertThat(batchesUntil(other, former, calls, 1_000)).isLessThan(150);
    }
  }

  @Test
  void aTenantThatTookRoomNobodyWantedIsNotLeftOutForLongWhenOthersWantIt() {
    CostModel slow = costs(10.0 * MILLI, 1).model(16);
    BatchFormer former = new BatchFormer(room, slow, new Limits(policy, 16), admission, 0);
    RunOptions flood = RunOptions.DEFAULT.withTenant("flood");
    for (int i = 0; i < 600; i++) { // 14 of 16 rows, 5 s of the machine
      wait("one", 5);
      wait("two", 5);
      for (int j = 0; j < 14; j++) {
        wait(flood);
      }
      assertThat(former.form(Dispatch.READY, now, NOBODY_HELPS)).isNotNull();
    }
    Request waiting = waiting(flood);
    Runnable newcomer = () -> wait("newcomer", 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5);
    newcomer.run();
    assertThat(batchesUntil(waiting, former, newcomer, 600)).isLessThan(200);
  }

  @Test
  void aLargeCallThatWasPassedOftenTakesTurnsWithOtherTenantsLikeAnyOther() {
    BatchFormer former = formerOfCheapRows();
    RunOptions mixed = RunOptions.DEFAULT.withTenant("mixed");
    Runnable calls =
        () -> {
          wait("steady", 5);
          wait(mixed);
          wait(mixed);
        };
    calls.run();
    Request large = waiting(mixed.withOutputs("pooled"), ToySession.input(new long[320][5]), 5);
    batchesUntil(large, former, calls, 1_000);
    int withoutSteady = 0;
    int longest = 0;
    for (int i = 0; i < 100; i++) {
      calls.run();
      Flight flight = Objects.requireNonNull(former.form(Dispatch.READY, now, NOBODY_HELPS));
      boolean steady =
          flight.pieces.stream().anyMatch(p -> p.request().options.tenant().equals("steady"));
      withoutSteady = steady ? 0 : withoutSteady + 1;
      longest = Math.max(longest, withoutSteady);
    }
    assertThat(longest).isLessThanOrEqualTo(2);
  }

  private BatchFormer formerOfCheapRows() {
    CostModel cheap = costs(MILLI, 1).model(16);
    return new BatchFormer(room, cheap, new Limits(policy, 16), admission, 0);
  }

  @Test
  void theSizesThatAreTriedAreTwiceTheBestAtMost() {
    int[] lengths = new int[64];
    Arrays.fill(lengths, 5);
    wait(lengths);
    BatchFormer former =
        new BatchFormer(room, costs(0, 8 * MILLI).model(16), new Limits(policy, 16), admission, 0);
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      sizes.add(next(former, NOBODY_HELPS, 0).length);
    }
    assertThat(sizes).contains(1, 2).allMatch(rows -> rows <= 2);
  }

  @Test
  void aBatchIsShortEnoughForTheLatencyTargetOfTheOldest() {
    BatchPolicy targeted =
        BatchPolicy.builder().maxRows(16).latencyTarget(Duration.ofMinutes(1)).build();
    wait(5, 5, 5, 5, 5, 5, 5, 5);
    BatchFormer former =
        new BatchFormer(room, costs(1e9, 1e9).model(16), new Limits(targeted, 16), admission, 0);
    assertThat(next(former, NOBODY_HELPS, 54_500 * MILLI)).hasSize(4); // 5 s of 5.5
    assertThat(next(former, NOBODY_HELPS, 70_000 * MILLI)).hasSize(4); // late: as many as gain
  }
}
