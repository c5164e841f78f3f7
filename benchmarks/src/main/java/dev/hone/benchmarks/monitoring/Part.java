package dev.hone.benchmarks.monitoring;

import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;

/** One of the things that a question asks; if it fails, the others go on. */
@FunctionalInterface
interface Part {
  /** Measures it. */
  void measure() throws Exception;

  /** Measures it, or tells in the answer why it could not be. */
  static void ask(String words, Answer answer, Part part) {
    Progress.say(words);
    try {
      part.measure();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer.failed(words, e);
    } catch (Exception | AssertionError e) {
      answer.failed(words, e);
    }
  }
}
