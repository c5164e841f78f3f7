package dev.hone.benchmarks.monitoring;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;

/** What watching finds, and how soon: harm to a model, and load that rises. */
public final class Alarms implements AskedOnce {
  @Override
  public String id() {
    return "alarms";
  }

  @Override
  public String words() {
    return "Does watching tell in time of a model that became worse, and of load that rises?";
  }

  /** A hundred shadows, a million requests and load that rises slowly take their time. */
  @Override
  public boolean belongsTo(Effort suite) {
    return suite != Effort.SHORT;
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(10, 310, 1_000);
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    Part.ask("planted harm", answer, () -> PlantedHarm.measure(effort, answer));
    if (effort != Effort.SMOKE) {
      Part.ask("what a second opinion costs", answer, () -> ShadowCost.measure(effort, answer));
      Part.ask("pressure while load rises", answer, () -> PressureRamp.measure(effort, answer));
    }
  }
}
