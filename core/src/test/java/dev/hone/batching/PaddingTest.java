package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the session sees where rows are padded: the padding value, and never what another call left
 * in memory that is used again. Masks would hide that from the answers.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PaddingTest {
  private static final int LONGEST = 40;
  private static final int MOST_ROWS = 16;
  private static final int SECRET = 1_000; // no token below is anybody's secret

  private final ToySession toy = new ToySession();
  private final Random random = new Random(Long.getLong("hone.storm.seed", 1));

  /** A row tells its own length; all its other tokens are the secret of its caller. */
  private static long[] row(int length, long secret) {
    long[] ids = new long[length];
    Arrays.fill(ids, secret);
    ids[0] = length;
    return ids;
  }

  /** Looks at every token of every run. */
  private static final class Watch implements ToySession.Fault {
    private final long padding;
    final AtomicLong padded = new AtomicLong(); // rows
    final AtomicReference<@Nullable String> wrong = new AtomicReference<>();

    Watch(long padding) {
      this.padding = padding;
    }

    @Override
    public void before(Batch in, RunOptions options) {
      int longest = (int) in.get("input_ids").shape().length(1);
      long[] ids = in.get("input_ids").toLongArray();
      long[] mask = in.get("attention_mask").toLongArray();
      for (int at = 0; at < ids.length; at += longest) {
        int length = (int) ids[at];
        long[] expected = Arrays.copyOf(row(length, length > 1 ? ids[at + 1] : 0), longest);
        Arrays.fill(expected, length, longest, padding);
        long[] shows = new long[longest];
        Arrays.fill(shows, 0, length, 1);
        long[] row = Arrays.copyOfRange(ids, at, at + longest);
        long[] shown = Arrays.copyOfRange(mask, at, at + longest);
        if (!Arrays.equals(row, expected) || !Arrays.equals(shown, shows)) {
          wrong.compareAndSet(null, Arrays.toString(row) + " masked " + Arrays.toString(shown));
        }
        padded.addAndGet(length < longest ? 1 : 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 7, -1})
  void paddingIsThePaddingValueWhateverTheMemoryHeldBefore(long padding) {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(1)
            .maxRows(MOST_ROWS)
            .padding("input_ids", padding)
            .build();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000))) {
      Watch watch = new Watch(padding);
      toy.fault = watch;
      for (int round = 0; round < 200; round++) {
        askAll(batcher, secrets(round)); // all the memory of a batch is full of them
        askAll(batcher, mixed(round));
      }
      assertThat(watch.wrong).hasNullValue();
      assertThat(watch.padded).hasValueGreaterThan(1_000);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 7})
  void soItIsWhenManyCallAtOnce(long padding) throws InterruptedException {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(3)
            .warmUp(Duration.ofMillis(20))
            .maxRows(MOST_ROWS)
            .padding("input_ids", padding)
            .build();
    try (Batcher batcher = Batcher.over(toy, policy)) {
      Watch watch = new Watch(padding);
      toy.fault = watch;
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 6; t++) {
        int secret = t;
        List<List<long[]>> rounds = new ArrayList<>();
        for (int round = 0; round < 100; round++) {
          rounds.add(round % 2 == 0 ? secrets(secret) : mixed(secret));
        }
        threads.add(new Thread(() -> rounds.forEach(rows -> askAll(batcher, rows))));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(watch.wrong).hasNullValue();
      assertThat(watch.padded).hasValueGreaterThan(1_000);
    }
  }

  private static List<long[]> secrets(int number) {
    return Stream.generate(() -> row(LONGEST, SECRET + number)).limit(MOST_ROWS).toList();
  }

  /** Rows of any length, the longest among them. */
  private List<long[]> mixed(int number) {
    List<long[]> rows = new ArrayList<>();
    rows.add(row(LONGEST, 2 * SECRET + number));
    for (int i = 1; i < MOST_ROWS; i++) {
      rows.add(row(1 + random.nextInt(LONGEST), 2 * SECRET + number));
    }
    return rows;
  }

  /** One call for each row, all at once. */
  private static void askAll(Batcher batcher, List<long[]> rows) {
    List<CompletableFuture<Batch>> answers = new ArrayList<>();
    for (long[] ids : rows) {
      try (Batch in = ToySession.input(ids)) {
        answers.add(batcher.runAsync(in));
      }
    }
    for (int i = 0; i < rows.size(); i++) {
      try (Batch answer = answers.get(i).join()) {
        Tensor tokens = answer.get("tokens");
        assertThat(tokens.shape().length(1)).isEqualTo(rows.get(i).length);
      }
    }
  }
}
