package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is added, moved and removed: the least is first, and of equal ones the oldest. */
class RankingTest {
  private final Ranking ranking = new Ranking();
  private final List<Ranking.Entry> all = new ArrayList<>(); // in the order they were added

  private void requireOrder() {
    assertThat(ranking.size()).isEqualTo(all.size());
    Ranking.Entry least =
        all.stream().min(Comparator.comparingDouble(Ranking.Entry::number)).orElse(null);
    assertThat(ranking.first()).isSameAs(least);
  }

  @Test
  void theLeastIsFirstWhateverComesMovesAndGoes() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      double number = random.nextInt(50) == 0 ? Double.POSITIVE_INFINITY : random.nextInt(100);
      int what = random.nextInt(all.size() > 200 ? 5 : 3);
      if (what == 0 || all.isEmpty()) {
        Ranking.Entry entry = new Ranking.Entry(new TenantQueue(1));
        all.add(entry);
        ranking.add(entry, number);
      } else if (what < 3) {
        ranking.move(all.get(random.nextInt(all.size())), number);
      } else {
        ranking.remove(all.remove(random.nextInt(all.size())));
      }
      requireOrder();
    }
    while (!all.isEmpty()) {
      Ranking.Entry first = Objects.requireNonNull(ranking.first());
      ranking.remove(first);
      all.remove(first);
      requireOrder();
    }
  }
}
