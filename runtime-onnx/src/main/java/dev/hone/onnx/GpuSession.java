package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.CallFuture;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.metrics.SessionStats;
import dev.hone.onnx.gpu.GpuSupport;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A session on a GPU that may be lost: after some errors a process can do nothing on it any more.
 * Then the work moves to the CPU for good, if the program agreed to one, and the call that found
 * out is answered there; otherwise calls fail and say so.
 */
final class GpuSession implements Session {
  private final GpuSupport gpu;
  private final int ordinal;
  private final Session onGpu;
  private final Optional<Function<String, Session>> onCpu;
  private final Object moving = new Object();
  private boolean closed;
  private volatile Session current;

  /**
   * Takes a session that runs there; it is closed with this one.
   *
   * @param onCpu opens the same on the CPU, when told why; empty if the program did not agree
   */
  GpuSession(
      GpuSupport gpu, int ordinal, Session onGpu, Optional<Function<String, Session>> onCpu) {
    this.gpu = gpu;
    this.ordinal = ordinal;
    this.onGpu = onGpu;
    this.onCpu = onCpu;
    this.current = onGpu;
  }

  @Override
  public Signature signature() {
    return onGpu.signature();
  }

  @Override
  public Device device() {
    return current.device();
  }

  @Override
  public Precision precision() {
    return current.precision();
  }

  @Override
  public SessionReport report() {
    return current.report();
  }

  @Override
  public SessionStats stats() {
    return current.stats();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    Session used = current;
    long start = System.nanoTime();
    try {
      return used.run(in, options);
    } catch (HoneException e) {
      return after(used, e, in, null).run(in, remaining(options, start));
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    Session used = current;
    long start = System.nanoTime();
    try {
      used.run(in, out, options);
    } catch (HoneException e) {
      after(used, e, in, out).run(in, out, remaining(options, start));
    }
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    Session used = current;
    if (used != onGpu) {
      return used.runAsync(in, options);
    }
    MovableRun run = new MovableRun(in, options);
    run.follow(used.runAsync(in, options), used);
    return run;
  }

  /**
   * What the GPU or ONNX Runtime itself said, without the model and its inputs: what is told of a
   * lost GPU is read by other sessions, and none of our words around it tell whether it is lost.
   */
  static String said(HoneException failure) {
    HoneException innermost = failure;
    while (innermost.getCause() instanceof HoneException cause) {
      innermost = cause;
    }
    return String.valueOf(innermost.getMessage());
  }

  /**
   * The session to try again, if this failure says that the GPU is lost; otherwise throws it. A
   * call some of whose tensors were lost with the GPU cannot be tried again.
   */
  private Session after(Session used, HoneException failure, Batch in, @Nullable Batch out) {
    if (used != onGpu || !gpu.isLost(ordinal, said(failure))) {
      throw failure;
    }
    String why =
        Device.cuda(ordinal)
            + " is lost to this process, which must be started anew to use it again: "
            + failure.getMessage();
    if (onCpu.isEmpty()) {
      throw new HoneException(
          why + " A session for Device.best() would have gone on on the CPU.", failure);
    }
    Session next = moved(onCpu.get(), why, failure);
    requireOnHost("input", in, why, failure);
    if (out != null) {
      requireOnHost("output", out, why, failure);
    }
    return next;
  }

  private static void requireOnHost(String role, Batch tensors, String why, HoneException loss) {
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.tensor(i).memory().device() != null) {
        throw new HoneException(
            why
                + " The session goes on on the CPU, but the "
                + role
                + " '"
                + tensors.name(i)
                + "' of this call lies there, and its content is gone. Call again with tensors in"
                + " memory of the host.",
            loss);
      }
    }
  }

  private Session moved(Function<String, Session> opener, String why, HoneException loss) {
    synchronized (moving) {
      if (closed) {
        throw new IllegalStateException(
            "This session was closed while its GPU was lost, so it cannot go on on the CPU.", loss);
      }
      if (current == onGpu) {
        current = onCpu(opener, why, loss);
      }
      return current;
    }
  }

  private static Session onCpu(Function<String, Session> opener, String why, HoneException loss) {
    try {
      return opener.apply(why);
    } catch (RuntimeException e) { // which would hide that the GPU is lost
      HoneException both =
          new HoneException(
              why + " The session could not be opened on the CPU instead: " + e.getMessage(), loss);
      both.addSuppressed(e);
      throw both;
    }
  }

  private static RunOptions remaining(RunOptions options, long start) {
    if (options.timeoutNanos() == 0) {
      return options;
    }
    long left = options.timeoutNanos() - (System.nanoTime() - start);
    if (left <= 0) {
      throw new DeadlineException(
          "The time for the run, "
              + Duration.ofNanos(options.timeoutNanos()).toMillis()
              + " ms, passed while the work moved from the GPU to the CPU.");
    }
    return options.withTimeout(Duration.ofNanos(left));
  }

  @Override
  public String toString() {
    return current.toString();
  }

  @Override
  public void close() {
    synchronized (moving) {
      closed = true;
    }
    current.close(); // not in the lock: it waits for calls, and those may want to move
    onGpu.close();
  }

  /** A run whose second try, if there is one, is cancelled like the first. */
  private final class MovableRun extends CallFuture {
    private final Batch in;
    private final RunOptions options;
    private final long start = System.nanoTime();
    private @Nullable CompletableFuture<Batch> running;
    private boolean cancelled;

    MovableRun(Batch in, RunOptions options) {
      this.in = in;
      this.options = options;
    }

    void follow(CompletableFuture<Batch> run, Session used) {
      boolean stop;
      synchronized (this) {
        running = run;
        stop = cancelled;
      }
      if (stop) {
        run.cancel(true);
      }
      run.whenComplete((result, failure) -> ended(used, result, failure))
          .exceptionally(failure -> null); // told already
    }

    private void ended(Session used, @Nullable Batch result, @Nullable Throwable failure) {
      Throwable end = failure;
      if (failure instanceof HoneException e && used == onGpu) {
        try {
          Session next = after(used, e, in, null);
          if (isOpen(in)) {
            follow(next.runAsync(in, remaining(options, start)), next);
            return;
          }
        } catch (RuntimeException | Error again) {
          end = again;
        }
      }
      finish(result, end);
    }

    /** Whoever closed the inputs meanwhile gets the failure: they cannot run again. */
    private static boolean isOpen(Batch in) {
      try {
        in.hold();
      } catch (IllegalStateException e) {
        return false;
      }
      in.release();
      return true;
    }

    /** Allows no further try; what runs, if anything does. */
    private synchronized @Nullable CompletableFuture<Batch> giveUp() {
      cancelled = true;
      return running;
    }

    @Override
    protected boolean stop(Throwable why) {
      CompletableFuture<Batch> run = giveUp();
      return run == null || stop(run, why);
    }
  }
}
