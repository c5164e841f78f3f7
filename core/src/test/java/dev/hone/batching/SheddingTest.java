package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who is shed if several callers find the queue full at once, and what an error leaves behind. */
@ExtendWith(NoLeaks.class)
class SheddingTest {
  private static final Duration SOON = Duration.ofMillis(1);
  private static final long COST_NANOS = 1_000_000;

  private final ToySession toy = new ToySession();
  private final List<Request> asked = new ArrayList<>();
  private final List<Request> ended = new ArrayList<>();

  /** A queue with room for so many rows. */
  private final class Queue implements RequestEvents {
    final BatchPolicy policy;
    final Admission admission;
    final WaitingRoom room;
    final Shedding shedding;
    private final Layout layout;
    Runnable whenOneLeaves = () -> {};

    Queue(int rows, BatchPolicy.Overload overload) {
      policy =
          BatchPolicy.builder()
              .evenIfItDoesNotPay()
              .lanes(1)
              .maxRows(2)
              .maxQueueRows(rows)
              .whenOverloaded(overload)
              .build();
      layout =
          Objects.requireNonNull(
              Opening.of(toy, policy, ToySession.costs(COST_NANOS)).verdict.layout());
      admission = new Admission(policy, 1, Recorder.disabled());
      room = new WaitingRoom(admission, policy.shares);
      shedding = new Shedding(room, admission, policy);
    }

    Request request(String tenant, int rows) {
      try (Batch in = ToySession.input(new long[rows][1])) {
        Kind kind = Objects.requireNonNull(layout.kindOf(in, List.of()));
        RunOptions options = RunOptions.DEFAULT.withTenant(tenant);
        Request request =
            new AsyncRequest(
                this, null, kind, in, 1, rows * COST_NANOS, options, System.nanoTime());
        request.holdTensors();
        asked.add(request);
        return request;
      }
    }

    Request wait(String tenant, int rows) {
      Request request = request(tenant, rows);
      admission.admit(request, (newer, retryAfter) -> false);
      room.add(request);
      return request;
    }

    List<Request> inOrder() {
      List<Request> all = new ArrayList<>();
      room.window(Objects.requireNonNull(room.first()), 100, all);
      return all;
    }

    @Override
    public void leftQueue(Request request) {
      admission.left(request);
      whenOneLeaves.run();
    }

    @Override
    public void answered(Request request, Flight flight) {}

    @Override
    public void failed(AsyncRequest request, Failure failure) {}

    @Override
    public void finish(Answers answers) {}
  }

  @AfterEach
  void letGo() {
    asked.forEach(request -> request.settle(new IllegalStateException("The test is over.")));
  }

  @Test
  void callersThatAreStillTryingTakeNoRoomFromOthers() {
    Queue queue = new Queue(4, BatchPolicy.Overload.REJECT);
    List<Request> waiting = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiting.add(queue.wait("heavy", 1));
    }
    Request light = queue.request("light", 1);
    Request heavy = queue.request("heavy", 3);
    // While a heavy caller waits for its turn to shed, a light one has its turn.
    assertThatThrownBy(
            () ->
                queue.admission.admit(
                    heavy,
                    (newer, retryAfter) -> {
                      assertThat(queue.shedding.makeRoomFor(light, SOON, ended)).isTrue();
                      return queue.shedding.makeRoomFor(newer, SOON, ended);
                    }))
        .isInstanceOf(OverloadException.class);
    assertThat(ended).containsExactly(waiting.get(3));
    assertThat(queue.admission.rows()).isEqualTo(4);
  }

  @Test
  void whatIsSaidToWhoIsShedIsMadeWhenItIsTold() {
    Queue queue = new Queue(2, BatchPolicy.Overload.SHED_OLDEST);
    Request first = queue.wait("", 1);
    Request second = queue.wait("", 1);
    assertThat(queue.shedding.makeRoomFor(queue.request("", 2), SOON, ended)).isTrue();
    assertThat(ended).containsExactly(first, second);
    Throwable said = ((Failure) first.end()).cause();
    assertThat(said)
        .isInstanceOf(OverloadException.class)
        .hasMessageContaining("given up for newer ones")
        .isSameAs(((Failure) first.end()).cause())
        .isNotSameAs(((Failure) second.end()).cause());
    assertThat(said.getStackTrace()) // for the lock is held there
        .noneMatch(frame -> frame.getMethodName().equals("makeRoomFor"));
  }

  @Test
  void whoGoesByItselfWhileItIsShedMakesItsRoomOnce() {
    Queue queue = new Queue(4, BatchPolicy.Overload.SHED_OLDEST);
    Request first = queue.wait("", 1);
    Request second = queue.wait("", 1);
    Request third = queue.wait("", 1);
    Request fourth = queue.wait("", 1);
    queue.whenOneLeaves =
        () -> {
          queue.whenOneLeaves = () -> {};
          second.cancel();
        };
    assertThat(queue.shedding.makeRoomFor(queue.request("", 2), SOON, ended)).isTrue();
    assertThat(ended).containsExactly(first);
    assertThat(queue.inOrder()).containsExactly(third, fourth);
    assertThat(queue.admission.rows()).isEqualTo(4);
  }

  @Test
  void anErrorWhileCallsAreShedLeavesNobodyWithoutAPlace() {
    Queue queue = new Queue(4, BatchPolicy.Overload.SHED_OLDEST);
    Request[] waiting = new Request[4];
    for (int i = 0; i < 4; i++) {
      waiting[i] = queue.wait("", 1);
    }
    queue.whenOneLeaves =
        () -> {
          if (queue.admission.rows() == 3 + 2) { // the second of three has left
            throw new OutOfMemoryError("for a test");
          }
        };
    Request newer = queue.request("", 3);
    assertThatThrownBy(() -> queue.shedding.makeRoomFor(newer, SOON, ended))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(ended).containsExactly(waiting[0], waiting[1]);
    assertThat(queue.inOrder()).containsExactly(waiting[2], waiting[3]);
    assertThat(queue.admission.rows()).isEqualTo(2);
  }

  @Test
  void whoIsNotShedInTheEndStaysBehindACallThatIsServedInParts() {
    Queue queue = new Queue(7, BatchPolicy.Overload.SHED_OLDEST);
    Request inParts = queue.wait("", 5);
    Flight flight = new Flight(inParts.kind, Dispatch.READY, 0, 2);
    assertThat(inParts.claim(flight)).isTrue();
    inParts.takenRows = 2;
    Request second = queue.wait("", 1);
    Request third = queue.wait("", 1);
    assertThat(queue.shedding.makeRoomFor(queue.request("", 4), SOON, ended)).isFalse();
    assertThat(ended).isEmpty();
    assertThat(queue.inOrder()).containsExactly(inParts, second, third);
    assertThat(queue.admission.rows()).isEqualTo(7);
    inParts.cancel();
    assertThat(queue.room.first()).isSameAs(second); // and lets go of the one before
  }
}
