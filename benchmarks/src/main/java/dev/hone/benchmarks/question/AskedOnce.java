package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Effort;

/**
 * A question that one process answers, whatever the suite: its parts repeat what varies by
 * themselves, in processes of their own where it takes them, or nothing varies.
 */
public interface AskedOnce extends Question {
  @Override
  default int processes(Effort effort) {
    return 1;
  }
}
