package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final OpenLoop.Result GOOD = result(false);
  private static final OpenLoop.Result VOID = result(true);
  private static final OpenLoop.Result ALSO_VOID = result(true);

  private final List<Long> tries = new ArrayList<>();

  private static OpenLoop.Result result(boolean isVoid) {
    return new OpenLoop.Result(100, 1, 5, 0, 0, isVoid, new long[0]);
  }

  private OpenLoop.Result notVoid(OpenLoop.Result... runs) {
    return Load.notVoid(
        which -> {
          tries.add(which);
          return runs[tries.size() - 1];
        });
  }

  @Test
  void aRunThatIsNotVoidDecides() {
    assertThat(notVoid(GOOD)).isSameAs(GOOD);
    assertThat(tries).containsExactly(0L);
  }

  @Test
  void aVoidRunIsDoneAgainWithOtherArrivals() {
    assertThat(notVoid(VOID, VOID, GOOD)).isSameAs(GOOD);
    assertThat(tries).containsExactly(0L, 1L, 2L);
  }

  @Test
  void whereAllAreVoidTheAnswerIsThatItIsVoid() {
    assertThat(notVoid(VOID, VOID, VOID, ALSO_VOID)).isSameAs(ALSO_VOID);
  }
}
