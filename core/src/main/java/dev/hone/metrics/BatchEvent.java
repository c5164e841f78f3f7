package dev.hone.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** The Flight Recorder event of a batch that ran. */
@Name("dev.hone.Batch")
@Label("Inference Batch")
@Category({"Hone"})
@Description("Calls that waited ran together.")
@StackTrace(false)
final class BatchEvent extends Event {
  private static final BatchEvent PROBE = new BatchEvent();

  @Label("Session")
  @Nullable String session;

  @Label("Reason")
  @Nullable String reason;

  @Label("Rows")
  long rows;

  @Label("Real Tokens")
  long realTokens;

  @Label("Padded Tokens")
  long paddedTokens;

  @Label("Run Time")
  @Timespan
  long runNanos;

  static void emit(
      String session, Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    if (!PROBE.isEnabled()) {
      return;
    }
    BatchEvent event = new BatchEvent();
    event.session = session;
    event.reason = why.name();
    event.rows = rows;
    event.realTokens = realTokens;
    event.paddedTokens = paddedTokens;
    event.runNanos = runNanos;
    event.commit();
  }
}
