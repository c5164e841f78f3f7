package dev.hone.benchmarks.monitoring;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;

/** What it costs to watch a session, whether what is told is true, and what watching finds. */
public final class Monitoring implements Question {
  @Override
  public String id() {
    return "monitoring";
  }

  @Override
  public String words() {
    return "What does it cost to watch a session, and what does it find?";
  }

  /** Once is enough: its parts repeat what varies by themselves. */
  @Override
  public int processes(Effort effort) {
    return 1;
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(10, 310, 1_100);
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    part("what watching costs", answer, () -> WatchingCost.measure(effort, answer));
    part("whether the counters are right", answer, () -> Counters.measure(effort, answer));
    part("planted harm", answer, () -> PlantedHarm.measure(effort, answer));
    if (effort != Effort.SMOKE) {
      part("what a second opinion costs", answer, () -> ShadowCost.measure(effort, answer));
      part("pressure while load rises", answer, () -> PressureRamp.measure(effort, answer));
      part("SIGTERM under load", answer, () -> Termination.measure(effort, answer));
    }
  }

  private interface Part {
    void measure() throws Exception;
  }

  private static void part(String words, Answer answer, Part part) {
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
