package dev.hone.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** The Flight Recorder event of a call that was refused. */
@Name("dev.hone.Overload")
@Label("Inference Overload")
@Category({"Hone"})
@Description("A call was refused because too much waited.")
@StackTrace(false)
final class OverloadEvent extends Event {
  private static final OverloadEvent PROBE = new OverloadEvent();

  @Label("Session")
  @Nullable String session;

  @Label("Reason")
  @Nullable String reason;

  @Label("Queued Rows")
  long queuedRows;

  @Label("Oldest Wait")
  @Timespan
  long oldestWaitNanos;

  static void emit(String session, Rejection why, Gauges gauges) {
    if (!PROBE.isEnabled()) {
      return;
    }
    OverloadEvent event = new OverloadEvent();
    event.session = session;
    event.reason = why.name();
    event.queuedRows = gauges.queuedRows();
    event.oldestWaitNanos = gauges.oldestWaitNanos();
    event.commit();
  }
}
