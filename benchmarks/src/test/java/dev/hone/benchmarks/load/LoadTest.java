package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final double LIMIT = 10;
  private static final OpenLoop.Result WITHIN = result(5, false);
  private static final OpenLoop.Result ALSO_WITHIN = result(6, false);
  private static final OpenLoop.Result ABOVE = result(50, false);
  private static final OpenLoop.Result ALSO_ABOVE = result(60, false);
  private static final OpenLoop.Result VOID = result(5, true);
  private static final OpenLoop.Result ALSO_VOID = result(6, true);

  private final List<Long> seeds = new ArrayList<>();

  private static OpenLoop.Result result(double p99Millis, boolean isVoid) {
    return new OpenLoop.Result(100, 1, p99Millis, 0, 0, isVoid, new long[0]);
  }

  private OpenLoop.Result agreed(OpenLoop.Result... runs) {
    seeds.clear();
    return Load.agreed(
        seed -> {
          seeds.add(seed);
          return runs[seeds.size() - 1];
        },
        LIMIT);
  }

  @Test
  void twoRunsThatAgreeDecide() {
    assertThat(agreed(WITHIN, ALSO_WITHIN)).isSameAs(WITHIN);
    assertThat(agreed(ABOVE, ALSO_ABOVE)).isSameAs(ABOVE);
    assertThat(seeds).doesNotHaveDuplicates();
  }

  @Test
  void aThirdDecidesWhereTwoDoNotAgree() {
    assertThat(agreed(WITHIN, ABOVE, ALSO_WITHIN)).isSameAs(WITHIN);
    assertThat(agreed(WITHIN, ABOVE, ALSO_ABOVE)).isSameAs(ABOVE);
  }

  @Test
  void aVoidRunDecidesNothing() {
    assertThat(agreed(VOID, WITHIN, ALSO_WITHIN)).isSameAs(WITHIN);
    assertThat(agreed(VOID, ABOVE, ALSO_ABOVE)).isSameAs(ABOVE);
    assertThat(agreed(WITHIN, VOID, ABOVE, ALSO_WITHIN)).isSameAs(WITHIN);
    assertThat(agreed(VOID, ALSO_VOID, WITHIN, ALSO_WITHIN)).isSameAs(WITHIN);
  }

  @Test
  void whereNoTwoAgreeTheAnswerIsThatItIsVoid() {
    for (List<OpenLoop.Result> runs :
        List.of(
            List.of(VOID, WITHIN, ABOVE, ALSO_VOID),
            List.of(WITHIN, VOID, ALSO_VOID, ABOVE),
            List.of(VOID, ALSO_VOID, VOID, WITHIN))) {
      assertThat(agreed(runs.toArray(OpenLoop.Result[]::new))).isSameAs(VOID);
      assertThat(seeds).hasSize(4);
    }
    OpenLoop.Result[] all = new OpenLoop.Result[4];
    Arrays.fill(all, VOID);
    assertThat(agreed(all).meets(LIMIT)).isFalse();
  }
}
