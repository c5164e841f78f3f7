package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuestionsTest {
  static List<Question> all() {
    return Stream.concat(Questions.all().stream(), Questions.guard().stream())
        .filter(question -> !question.id().equals("bge")) // as minilm, only larger
        .toList();
  }

  /** The figures mean nothing here, but each must be one of the list, and no rival may fail. */
  @ParameterizedTest
  @MethodSource("all")
  void everyQuestionFindsAnAnswer(Question question) throws Exception {
    Answer answer = new Answer(question);
    question.ask(Effort.SMOKE, answer);
    Ledger ledger = new Ledger();
    answer.figures().forEach((id, values) -> ledger.record(id, values.estimate(), "today", "here"));
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
    assertThat(Questions.named("")).hasSameSizeAs(Questions.all());
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
