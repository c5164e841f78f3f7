package dev.hone.benchmarks;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Json;
import dev.hone.benchmarks.question.Question;
import java.nio.file.Path;

/** The process in which one question is asked once. */
public final class QuestionProcess {
  private QuestionProcess() {}

  /**
   * Asks and leaves the answer in a file.
   *
   * @param arguments the question's id, the effort, the file
   */
  public static void main(String[] arguments) throws Exception {
    Question question = Questions.named(arguments[0]).get(0);
    Answer answer = new Answer(question);
    question.ask(Effort.valueOf(arguments[1]), answer);
    Json.write(Path.of(arguments[2]), answer);
    System.exit(0); // rivals leave threads behind that never end
  }
}
