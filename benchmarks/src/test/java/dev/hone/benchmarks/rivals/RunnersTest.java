package dev.hone.benchmarks.rivals;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.benchmarks.inputs.Digits;
import dev.hone.benchmarks.measure.Rival;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RunnersTest {
  private interface Opener {
    Runner open(Model model) throws Exception;
  }

  static Stream<Opener> openers() {
    return Stream.of(
        model -> new HoneRunner(Session.open(model)),
        model -> new JavaApiRunner(model.source(), 1));
  }

  @ParameterizedTest
  @MethodSource("openers")
  void theLastOutputMustBeThatOfTheFirstRun(Opener opener) throws Exception {
    try (Runner runner = opener.open(Digits.model());
        Batch inputs = new Digits().rows(0, 3);
        Rival rival = runner.over(inputs)) {
      assertThatThrownBy(rival::check) // nothing has run: there is no output yet
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("The first output had ");
      rival.once();
      assertThatCode(rival::check).doesNotThrowAnyException();
    }
  }

  @Test
  void anotherOutputIsRefused() {
    assertThatThrownBy(() -> Unchanged.check(new float[] {1, 2}, new float[] {1, 3}))
        .hasMessage("The first output had 2.0 at 1, the last one has 3.0.");
    assertThatThrownBy(() -> Unchanged.check(new float[] {1, 2}, new float[] {1, Float.NaN}))
        .hasMessage("The first output had 2.0 at 1, the last one has NaN.");
    assertThatThrownBy(() -> Unchanged.check(new float[] {1, 2}, new float[] {1}))
        .hasMessage("The first output had 2 values, the last one has 1.");
    assertThatCode(() -> Unchanged.check(new float[] {1, 2}, new float[] {1, 2}))
        .doesNotThrowAnyException();
  }
}
