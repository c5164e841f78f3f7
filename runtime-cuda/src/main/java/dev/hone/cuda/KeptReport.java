package dev.hone.cuda;

import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What {@link CudaDiagnostics} found, kept for the next session: looking reads many files. A
 * machine on which nothing is in the way is looked at once. One on which something is may be put
 * right while the process runs, so it is looked at again, but not more often than every ten
 * seconds. Thread-safe.
 */
final class KeptReport implements Supplier<CudaReport> {
  private static final long AGAIN_NANOS = 10_000_000_000L;

  /** The machine of this process. */
  static final KeptReport HERE = new KeptReport(CudaDiagnostics::report, System::nanoTime);

  private final Supplier<CudaReport> look;
  private final LongSupplier clock;
  private @Nullable CudaReport kept;
  private long lookedNanos;

  KeptReport(Supplier<CudaReport> look, LongSupplier clock) {
    this.look = look;
    this.clock = clock;
  }

  @Override
  public synchronized CudaReport get() {
    CudaReport known = kept;
    boolean good =
        known != null && (known.isReady() || clock.getAsLong() - lookedNanos < AGAIN_NANOS);
    if (known == null || !good) {
      known = look.get();
      kept = known;
      lookedNanos = clock.getAsLong();
    }
    return known;
  }
}
