package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.SessionOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.ErrorKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a batcher says of itself, and of what it was given. */
@ExtendWith(NoLeaks.class)
class BatcherWordsTest {
  private static BatchPolicy sharing() {
    return BatchPolicy.builder().evenIfItDoesNotPay().lanes(2).maxRows(16).build();
  }

  @Test
  void aBatcherSaysForWhichSessionItIsAndWhatItFound() {
    ToySession toy = new ToySession();
    try (Batcher batcher = Batcher.over(toy, sharing(), ToySession.costs(1_000_000))) {
      assertThat(batcher).hasToString("toy, batched up to 16 rows, 2 at once");
    }
  }

  @Test
  void aBatcherThatCannotShareSaysSo() {
    ToySession toy = new ToySession(ToySession.Trait.FIXED_BATCH);
    try (Batcher batcher = Batcher.over(toy, sharing())) {
      assertThat(batcher).hasToString("toy, calls share no batches");
    }
  }

  @Test
  void thatCallsShareNoBatchesIsLoggedOnceAndNothingElse() {
    List<String> logged = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord logRecord) {
            logged.add(logRecord.getLevel() + " " + logRecord.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("dev.hone.batching");
    logger.addHandler(handler);
    try {
      Batcher.over(new ToySession(ToySession.Trait.FIXED_BATCH), sharing()).close();
      Batcher.over(new ToySession(), sharing(), ToySession.costs(1_000_000)).close();
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(logged)
        .singleElement()
        .asString()
        .startsWith("INFO toy: batching: calls run one by one, because")
        .contains("fixed first dimension of 1");
  }

  @Test
  void aLatencyTargetThatNoRunKeepsIsToldWithTheTimeOfARun() {
    CostGrid costs = ToySession.costs(3_000_000);
    BatchPolicy tooSoon = BatchPolicy.builder().latencyTarget(Duration.ofNanos(1_000)).build();
    try (Batcher batcher = Batcher.over(new ToySession(), tooSoon, costs)) {
      assertThat(batcher.report().notes())
          .anyMatch(
              note -> note.contains("latencyTarget of 0.001 ms: a run of one row takes 3.000 ms"));
    }
    BatchPolicy soon = BatchPolicy.builder().latencyTarget(Duration.ofMillis(30)).build();
    try (Batcher batcher = Batcher.over(new ToySession(), soon, costs)) {
      assertThat(batcher.report().notes()).noneMatch(note -> note.contains("latencyTarget"));
    }
  }

  @Test
  void aClosedSessionIsRefused() {
    ToySession toy = new ToySession();
    toy.close();
    assertThatThrownBy(() -> Batcher.over(toy, sharing()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("needs an open session", "The toy session was closed");
  }

  @Test
  @SuppressWarnings("NullAway") // what a caller without null checks may do
  void whatIsMissingIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batcher.over(null, sharing()))
        .withMessageContaining("session to batch for");
    ToySession toy = new ToySession();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batcher.over(toy, null))
        .withMessageContaining("BatchPolicy.automatic()");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Batcher.open(null, SessionOptions.DEFAULT, sharing()))
        .withMessageContaining("model to open");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BatchPolicy.builder().linger(null))
        .withMessage("The linger of a policy must not be null. Leave it out for the usual.");
  }

  @Test
  @SuppressWarnings("NullAway") // what a caller without null checks may do
  void aRunWithoutOptionsIsRefusedAndCounted() {
    try (Batcher batcher = Batcher.over(new ToySession(), sharing(), ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {1, 2})) {
      String why = "options of a run must not be null. Leave them out for the defaults.";
      assertThatThrownBy(() -> batcher.run(in, (RunOptions) null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(why);
      assertThat(batcher.runAsync(in, null))
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableThat()
          .withMessageContaining(why);
      assertThat(batcher.stats().count(ErrorKind.INPUT)).isEqualTo(2);
    }
  }
}
