package dev.hone.benchmarks.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.benchmarks.inputs.StandIn;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsyncCallsTest {
  private static final class FailingSession extends StandIn {
    FailingSession() {
      super("fails", new NullSession().signature());
    }

    @Override
    public Batch run(Batch in, RunOptions options) {
      throw new IllegalStateException("as it should");
    }

    @Override
    public void run(Batch in, Batch out, RunOptions options) {
      throw new IllegalStateException("as it should");
    }
  }

  @Test
  void eachRequestIsAnsweredOnce() throws Exception {
    AtomicInteger[] answers =
        IntStream.range(0, 500).mapToObj(i -> new AtomicInteger()).toArray(AtomicInteger[]::new);
    try (Batch request = NullSession.request()) {
      List<Batch> requests = Collections.nCopies(answers.length, request);
      AsyncCalls.Receiver receiver =
          (which, output) -> {
            output.close();
            answers[which].incrementAndGet();
          };
      AsyncCalls.begin(new NullSession(), requests, AsyncCalls.each(requests.size()), receiver, 8)
          .await();
    }
    assertThat(answers).allMatch(count -> count.get() == 1);
  }

  @Test
  void aSessionThatFailsEndsThemAll() {
    try (Batch request = NullSession.request()) {
      List<Batch> requests = Collections.nCopies(30_000, request);
      AsyncCalls calls =
          AsyncCalls.begin(
              new FailingSession(),
              requests,
              AsyncCalls.each(requests.size()),
              (which, output) -> output.close(),
              8);
      assertThatThrownBy(calls::await)
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseMessage("as it should");
    }
  }
}
