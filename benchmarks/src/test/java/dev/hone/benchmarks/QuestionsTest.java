package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuestionsTest {
  static List<Question> all() {
    return Stream.concat(Questions.all().stream(), Questions.guard().stream())
        .filter(question -> !question.id().equals("bge")) // as minilm, only larger
        .filter(
            question -> !question.id().equals("cuda")) // has a test of its own, for want of GPUs
        .toList();
  }

  /** The figures mean nothing here, but each must be one of the list, and no rival may fail. */
  @ParameterizedTest
  @MethodSource("all")
  void everyQuestionFindsAnAnswer(Question question) throws Exception {
    Answer answer = new Answer(question);
    question.ask(Effort.SMOKE, answer);
    Ledger ledger = new Ledger();
    answer
        .figures()
        .forEach((id, values) -> ledger.record(id, values.estimate(), "today", "here", "this"));
    assertThat(answer.missing()).isEmpty();
    assertThat(answer.tables()).isNotEmpty();
    assertThat(answer.tables()).flatMap(Table::rows).isNotEmpty();
  }

  @Test
  void eachHasANameOfItsOwn() {
    assertThat(Questions.all()).extracting(Question::id).doesNotHaveDuplicates();
  }

  @Test
  void oneIsFoundByIdOrClass() {
    assertThat(Questions.named("call")).hasSize(1);
    assertThat(Questions.named("CallCost, call")).hasSize(1);
    assertThat(Questions.named("soak")).hasSize(1); // though the short suite does not ask it
  }

  @Test
  void theFullSuiteAsksAllAndTheGuardItsOwn() {
    assertThat(Questions.of(Effort.FULL))
        .extracting(Question::id)
        .containsAll(ids(Questions.all()));
    assertThat(ids(Questions.of(Effort.GUARD))).containsExactly("guard");
  }

  @Test
  void theShortSuiteLeavesOutWhatIsLongByNatureAndNothingElse() {
    List<String> left = new ArrayList<>(ids(Questions.all()));
    left.removeAll(ids(Questions.of(Effort.SHORT)));
    assertThat(left).containsExactly("mails", "models", "soak", "alarms", "cuda");
  }

  /** By their own estimates, which the progress line tells, and which a run keeps or does not. */
  @Test
  void theShortSuiteTakesLessThanAQuarterOfAnHour() {
    int seconds =
        Questions.of(Effort.SHORT).stream()
            .mapToInt(q -> q.processes(Effort.SHORT) * q.seconds(Effort.SHORT))
            .sum();
    assertThat(seconds).isLessThanOrEqualTo(14 * 60);
  }

  private static List<String> ids(List<Question> questions) {
    return questions.stream().map(Question::id).toList();
  }

  @Test
  void anUnknownNameIsToldWithTheKnownOnes() {
    assertThatThrownBy(() -> Questions.named("call,cal"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "There is no benchmark 'cal'. -Dbench.only takes one or more of call");
  }

  @Test
  void anUnknownSuiteIsToldWithTheKnownOnes() {
    assertThatThrownBy(() -> Effort.named("long"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "There is no suite 'long'. -Dbench.suite is one of smoke, guard, short, full; short is"
                + " the default.");
  }
}
