package dev.hone.benchmarks.monitoring;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;

/** What it costs to watch a session, and whether what is told is true. */
public final class Monitoring implements AskedOnce {
  @Override
  public String id() {
    return "monitoring";
  }

  @Override
  public String words() {
    return "What does it cost to watch a session, and is it true what it tells?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(10, 35, 300);
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    Part.ask("what watching costs", answer, () -> WatchingCost.measure(effort, answer));
    Part.ask("whether the counters are right", answer, () -> Counters.measure(effort, answer));
    if (effort != Effort.SMOKE) {
      Part.ask("SIGTERM under load", answer, () -> Termination.measure(effort, answer));
    }
  }
}
