package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class IntakeTest {
  private final Intake intake = new Intake();

  private BlockingRequest arrive(Batch in) {
    try (ToySession toy = new ToySession()) {
      Kind kind = Layout.alone(toy.signature()).aloneKind(List.of());
      BlockingRequest request =
          new BlockingRequest(RequestEvents.NOBODY, kind, in, null, 1, 0, RunOptions.DEFAULT, 0);
      request.holdTensors();
      intake.push(request);
      return request;
    }
  }

  @Test
  void requestsGoInAsTheyCame() {
    try (Batch in = ToySession.input(new long[] {1})) {
      List<Request> came = List.of(arrive(in), arrive(in), arrive(in));
      List<Request> room = new ArrayList<>();
      intake.drainTo(room::add);
      assertThat(room).isEqualTo(came);
      assertThat(intake.isEmpty()).isTrue();
      came.forEach(Request::endUse);
    }
  }

  @Test
  void oneThatCannotGoInFailsAndThoseBehindItDoNot() {
    try (Batch in = ToySession.input(new long[] {1})) {
      BlockingRequest first = arrive(in);
      BlockingRequest second = arrive(in);
      BlockingRequest third = arrive(in);
      List<Request> room = new ArrayList<>();
      intake.drainTo(
          request -> {
            if (request == second) {
              throw new OutOfMemoryError("injected");
            }
            room.add(request);
          });
      assertThat(room).containsExactly(first, third);
      assertThatThrownBy(second::await).isInstanceOf(OutOfMemoryError.class);
      room.forEach(Request::endUse);
    }
  }
}
