package dev.hone.metrics;

/** Tells Flight Recorder how long a session took to open. Used on the thread that opens. */
public final class OpenTimer {
  private final OpenEvent event = new OpenEvent();

  private OpenTimer() {}

  /** Opening begins. */
  public static OpenTimer begin() {
    OpenTimer timer = new OpenTimer();
    timer.event.begin();
    return timer;
  }

  /**
   * The session is open.
   *
   * @param session its name
   * @param precision the numbers it computes with
   * @param device where it computes
   * @param threads threads that work on one run
   */
  public void opened(String session, String precision, String device, int threads) {
    if (event.shouldCommit()) {
      event.session = session;
      event.precision = precision;
      event.device = device;
      event.threads = threads;
      event.commit();
    }
  }
}
