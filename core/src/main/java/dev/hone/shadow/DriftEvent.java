package dev.hone.shadow;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The Flight Recorder event of a change in what a shadow thinks. */
@Name("dev.hone.Drift")
@Label("Model Drift")
@Category({"Hone"})
@Description("The agreement of a fast model with its baseline, or what it is asked, changed.")
@StackTrace(false)
final class DriftEvent extends Event {
  @Label("Session")
  @Nullable String session;

  @Label("State")
  @Nullable String state;

  @Label("Compared")
  long compared;

  @Label("Disagreed")
  long disagreed;

  @Label("Mean Divergence")
  double meanDivergence;

  @Label("Largest Distribution Shift")
  double largestShift;

  static void emit(String session, ShadowStats stats) {
    DriftEvent event = new DriftEvent();
    if (event.shouldCommit()) {
      event.session = session;
      event.state = stats.state().name();
      event.compared = stats.compared();
      event.disagreed = stats.disagreed();
      event.meanDivergence = stats.meanDivergence();
      event.largestShift = stats.largestShift();
      event.commit();
    }
  }
}
