package dev.hone.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The Flight Recorder event of one run of a session. */
@Name("dev.hone.Run")
@Label("Inference Run")
@Category({"Hone"})
@Description("A session ran a model.")
@StackTrace(false)
final class RunEvent extends Event {
  private static final RunEvent PROBE = new RunEvent();

  @Label("Session")
  @Nullable String session;

  @Label("Rows")
  long rows;

  @Label("Outcome")
  @Nullable String outcome;

  private RunEvent() {}

  /** A run begins. Null, at the cost of reading a flag, where no recording wants the event. */
  static @Nullable RunEvent running() {
    if (!PROBE.isEnabled()) {
      return null;
    }
    RunEvent event = new RunEvent();
    event.begin();
    return event;
  }

  /** The run ended, on the thread that began it. */
  void ended(String session, long rows, Outcome outcome) {
    if (shouldCommit()) {
      this.session = session;
      this.rows = rows;
      this.outcome = outcome.name();
      commit();
    }
  }
}
