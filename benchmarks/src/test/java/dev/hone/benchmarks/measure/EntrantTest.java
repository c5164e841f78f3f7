package dev.hone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntrantTest {
  private final List<String> calls = new ArrayList<>();
  private boolean isBroken;

  private final Rival rival =
      new Rival() {
        @Override
        public void beforeTurn() {
          calls.add("before");
        }

        @Override
        public void once() {
          calls.add("once");
          if (isBroken) {
            throw new IllegalStateException("as it should");
          }
        }

        @Override
        public void afterTurn() {
          calls.add("after");
        }

        @Override
        public void close() {
          calls.add("close");
        }
      };

  private final Entrant entrant = Entrant.ours("one", () -> rival);

  @Test
  void whatIsWarmedUpHasWorkedInWholeTurnsWhenItIsOpen() throws Exception {
    assertThat(entrant.warmedUp(1).opener().open()).isSameAs(rival);
    assertThat(calls.subList(0, 3)).containsExactly("before", "once", "after");
    assertThat(calls).doesNotContain("close");
  }

  @Test
  void withoutAnyTimeForItNothingIsDone() throws Exception {
    assertThat(entrant.warmedUp(0).opener().open()).isSameAs(rival);
    assertThat(calls).isEmpty();
  }

  @Test
  void whatFailsWhileItWarmsUpIsClosed() {
    isBroken = true;
    assertThatThrownBy(() -> entrant.warmedUp(1_000).opener().open()).hasMessage("as it should");
    assertThat(calls).containsExactly("before", "once", "close");
  }
}
