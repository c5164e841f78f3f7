package dev.hone.metrics;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.jspecify.annotations.Nullable;

/** The Flight Recorder event of opening a session. */
@Name("dev.hone.Open")
@Label("Session Open")
@Category({"Hone"})
@Description("A model was made ready to run.")
final class OpenEvent extends Event {
  @Label("Session")
  @Nullable String session;

  @Label("Precision")
  @Nullable String precision;

  @Label("Device")
  @Nullable String device;

  @Label("Threads")
  int threads;
}
