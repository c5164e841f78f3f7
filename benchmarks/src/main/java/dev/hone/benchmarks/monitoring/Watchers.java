package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.shadow.Agreement;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowPolicy;
import dev.hone.shadow.ShadowReference;
import dev.hone.shadow.ShadowStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Many shadows, each with requests of its own, from a seed of its own. They are asked in turns, so
 * that each has time to judge a request before it gets the next.
 */
final class Watchers {
  private static final double SAMPLED_SHARE = 0.01;

  private Watchers() {}

  /**
   * What they found.
   *
   * @param shadows how many there were
   * @param alarms how many said that the models do not agree
   * @param requests how many requests each that did had seen by then
   * @param compared requests that were compared, on the average
   */
  record Found(int shadows, int alarms, List<Long> requests, double compared) {}

  /**
   * Asks them.
   *
   * @param healthy what the fast model answers while all is well, to learn from
   * @param now what it answers now
   * @param baseline what the baseline answers
   * @param learned so many texts, the first ones, are to learn from; the others are asked
   * @param shadows how many shadows
   * @param requests how many requests each
   */
  static Found ask(
      Corpus.Answers healthy,
      Corpus.Answers now,
      Corpus.Answers baseline,
      int learned,
      int shadows,
      int requests) {
    List<Batch> questions =
        IntStream.range(0, now.hidden().size()).mapToObj(Recalled::question).toList();
    ShadowReference reference =
        ShadowReference.measure(
            new Recalled(healthy.hidden()),
            new Recalled(baseline.hidden()),
            questions.subList(0, learned));
    Recalled fast = new Recalled(now.hidden());
    List<Watcher> watchers = new ArrayList<>();
    try {
      for (int seed = 0; seed < shadows; seed++) {
        watchers.add(new Watcher(fast, new Recalled(baseline.hidden()), reference, seed));
      }
      for (int request = 0; request < requests; request++) {
        for (Watcher watcher : watchers) {
          int text = learned + watcher.random.nextInt(questions.size() - learned);
          watcher.asked = request + 1;
          watcher.shadow.run(questions.get(text), fast.answer(text));
        }
      }
    } finally {
      watchers.forEach(watcher -> watcher.shadow.close()); // ends after the last judgement
      questions.forEach(Batch::close);
    }
    return found(watchers);
  }

  private static Found found(List<Watcher> watchers) {
    List<Long> requests =
        watchers.stream()
            .filter(watcher -> watcher.alarmedAt > 0)
            .map(watcher -> (long) watcher.alarmedAt)
            .toList();
    double compared =
        watchers.stream()
            .mapToLong(watcher -> watcher.shadow.shadowStats().compared())
            .average()
            .orElse(0);
    return new Found(watchers.size(), requests.size(), requests, compared);
  }

  private static final class Watcher {
    private final Random random;
    private final Shadow shadow;
    private volatile int asked;
    private volatile int alarmedAt;

    Watcher(Recalled fast, Recalled baseline, ShadowReference reference, long seed) {
      random = new Random(seed);
      ShadowPolicy policy =
          ShadowPolicy.builder()
              .sampledShare(SAMPLED_SHARE)
              .budget(1) // requests come much faster here than in life
              .reference(reference)
              .onChange(this::changed)
              .build();
      shadow = Shadow.of(fast, baseline, policy);
    }

    private void changed(ShadowStats stats) {
      if (stats.state() == Agreement.DRIFT && alarmedAt == 0) {
        alarmedAt = asked;
      }
    }
  }
}
