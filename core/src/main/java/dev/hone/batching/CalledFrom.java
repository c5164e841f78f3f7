package dev.hone.batching;

/**
 * Where a call was made that failed in another thread, whose stack knows nothing of the caller: one
 * of what its failure {@linkplain Throwable#getSuppressed suppresses}.
 */
final class CalledFrom extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure may be that of a whole batch, or the same object again and again. */
  private static final int MOST = 8;

  private CalledFrom() {
    super(
        "The call that failed was made here, by the thread '"
            + Thread.currentThread().getName()
            + "'.",
        null,
        false,
        true);
  }

  /** Notes the current thread's stack in a failure, unless enough callers are noted there. */
  static void noteIn(Throwable failure) {
    synchronized (failure) { // as addSuppressed is
      int noted = 0;
      for (Throwable suppressed : failure.getSuppressed()) {
        noted += suppressed instanceof CalledFrom ? 1 : 0;
      }
      if (noted < MOST) {
        failure.addSuppressed(new CalledFrom());
      }
    }
  }
}
