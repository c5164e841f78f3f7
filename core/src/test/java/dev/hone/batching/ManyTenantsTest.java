package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** To choose who is served, or shed, takes hardly longer where thousands of tenants wait. */
@ExtendWith(NoLeaks.class)
class ManyTenantsTest {
  private static final long COST_NANOS = 1_000_000;
  private static final int FEW = 100;
  private static final int MANY = 10_000; // with twice the logarithm

  private final ToySession toy = new ToySession();
  private final Batch in = ToySession.input(new long[] {1, 2, 3});
  private final BatchPolicy policy =
      BatchPolicy.builder()
          .evenIfItDoesNotPay()
          .lanes(1)
          .maxRows(16)
          .maxQueueRows(2L * MANY)
          .maxQueueDelay(Duration.ofDays(1))
          .build();
  private final Layout layout =
      Objects.requireNonNull(
          Opening.of(toy, policy, ToySession.costs(COST_NANOS)).verdict.layout());

  @AfterEach
  void close() {
    in.close();
    toy.close();
  }

  /** Two calls of each of so many tenants wait. */
  private final class Queue implements RequestEvents {
    final Admission admission = new Admission(policy, 1, Recorder.disabled());
    final WaitingRoom room = new WaitingRoom(admission, policy.shares);
    final BatchFormer former =
        new BatchFormer(
            room, ToySession.costs(COST_NANOS).model(16), new Limits(policy, 16), admission, 0);

    Queue(int tenants) {
      for (int i = 0; i < 2 * tenants; i++) {
        Request request = request("tenant " + i % tenants);
        assertThat(admission.tryAdmit(request, 0, 0, 0)).isTrue();
        room.add(request);
      }
    }

    Request request(String tenant) {
      RunOptions options = RunOptions.DEFAULT.withTenant(tenant);
      Kind kind = Objects.requireNonNull(layout.kindOf(in, List.of()));
      return new AsyncRequest(this, null, kind, in, 3, COST_NANOS, options, System.nanoTime());
    }

    /** So many batches, of all different tenants. */
    long stepsToForm(int batches) {
      long before = room.steps();
      Set<String> served = new HashSet<>();
      int rows = 0;
      for (int i = 0; i < batches; i++) {
        Flight flight =
            Objects.requireNonNull(former.form(Dispatch.READY, System.nanoTime(), Long.MAX_VALUE));
        flight.pieces.forEach(piece -> served.add(piece.request().options.tenant()));
        rows += flight.rows;
      }
      assertThat(rows).isGreaterThanOrEqualTo(2 * batches);
      assertThat(served).hasSize(rows);
      return (room.steps() - before) / rows;
    }

    long stepsToRefuse() {
      long before = room.steps();
      assertThat(room.nextToRefuseFor(request("tenant 7"))).isNull(); // all ask for as much
      Request newer = request("a new one");
      room.startShedding(false);
      assertThat(room.nextToRefuseFor(newer)).isNotNull();
      assertThat(room.nextToRefuseFor(newer)).isNotNull();
      room.endShedding();
      return room.steps() - before;
    }

    @Override
    public void leftQueue(Request request) {
      admission.left(request);
    }

    @Override
    public void answered(Request request, Flight flight) {}

    @Override
    public void failed(AsyncRequest request, Failure failure) {}

    @Override
    public void finish(Answers answers) {}
  }

  @Test
  void aBatchOfAHundredTimesAsManyTenantsIsFormedInAFewTimesTheSteps() {
    long few = new Queue(FEW).stepsToForm(5);
    assertThat(few).isPositive();
    assertThat(new Queue(MANY).stepsToForm(5)).isLessThan(3 * few);
  }

  @Test
  void toFindWhoAsksForMostTakesAFewTimesTheStepsAmongAHundredTimesAsMany() {
    long few = new Queue(FEW).stepsToRefuse();
    assertThat(few).isPositive();
    assertThat(new Queue(MANY).stepsToRefuse()).isLessThan(3 * few);
  }
}
