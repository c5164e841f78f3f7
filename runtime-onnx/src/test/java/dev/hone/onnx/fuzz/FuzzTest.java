package dev.hone.onnx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Damaged models, each loaded, opened and run in a child process: all end in an answer or in an
 * exception of the documented kinds.
 *
 * <p>{@code -Dhone.fuzz.mutants} says how many, and {@code -Dhone.fuzz.seed} which is the first:
 * one mutant and its seed show a failure again. {@code -Dhone.fuzz.subject} makes all of them from
 * one {@link Subject}. The seeds of all that failed, and what the processes said, lie in {@code
 * target/fuzz}.
 */
class FuzzTest {
  private static final int MANY = 10_000;

  @Test
  void everyDamagedModelEndsInAnAnswerOrAnException() throws Exception {
    judge(Long.getLong("hone.fuzz.mutants", 150));
  }

  @Test
  @Tag("slow")
  void tenThousandDamagedModelsEndInAnAnswerOrAnException() throws Exception {
    judge(MANY);
  }

  private static void judge(long mutants) throws Exception {
    long first = Long.getLong("hone.fuzz.seed", 1);
    Fuzzing fuzzing =
        new Fuzzing(Path.of("target", "fuzz"), System.getProperty("hone.fuzz.subject"));
    long judged = fuzzing.run(mutants, first);
    assertThat(fuzzing.failures()).isEmpty();
    assertThat(judged).isEqualTo(mutants);
    assertThat(fuzzing.counts()).containsKeys("answer", "loading: ModelException");
  }
}
