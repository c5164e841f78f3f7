package dev.hone.metrics;

/** Does nothing. */
enum DisabledRecorder implements Recorder {
  INSTANCE;

  @Override
  public boolean isEnabled() {
    return false;
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {}

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {}

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {}

  @Override
  public void failed(ErrorKind kind) {}

  @Override
  public void rejected(Rejection why) {}

  @Override
  public void expired() {}

  @Override
  public void cancelled() {}

  @Override
  public void late() {}
}
