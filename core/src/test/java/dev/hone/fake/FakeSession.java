package dev.hone.fake;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Device;
import dev.hone.InputCheck;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.LeakDetection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A session of a {@link FakeModel}: the whole contract, and no native code. */
final class FakeSession implements Session {
  private final FakeModel model;
  private final InputCheck check;
  private final SessionReport report;
  private final LeakDetection.Lifeline lifeline;
  private int callsUnderWay;
  private boolean closed;

  FakeSession(FakeModel model, SessionOptions options, String runtime) {
    this.model = model;
    this.check = new InputCheck(model.signature());
    Device device = options.device();
    this.report =
        new SessionReport(
            runtime,
            device.kind() == Device.Kind.BEST ? Device.cpu() : device,
            options.precision(),
            Math.max(1, options.threads()),
            List.of(),
            List.of("Nothing was changed: this session computes a Java function."));
    this.lifeline = LeakDetection.track(this, "session", () -> {});
  }

  @Override
  public Signature signature() {
    return model.signature();
  }

  @Override
  public Device device() {
    return report.device();
  }

  @Override
  public Precision precision() {
    return report.precision();
  }

  @Override
  public SessionReport report() {
    return report;
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    enter();
    try (FakeCall call = new FakeCall(model, check, in, options)) {
      return call.compute();
    } finally {
      leave();
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    InputCheck.requireOptions(options);
    if (!options.outputs().isEmpty()) {
      throw new IllegalArgumentException(
          "The outputs to compute are those of the batch that came with the call; do not name "
              + options.outputs()
              + " in the run options as well.");
    }
    enter();
    try (FakeCall call = new FakeCall(model, check, in, options)) {
      call.requireOutputs(out);
      out.hold();
      try (Batch result = call.computeAll()) {
        for (int i = 0; i < out.size(); i++) {
          write(result.get(out.name(i)), out.name(i), out.tensor(i));
        }
      } finally {
        out.release();
      }
    } finally {
      leave();
    }
  }

  private static void write(Tensor result, String name, Tensor target) {
    if (!result.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "The output '"
              + name
              + "' of this run is "
              + result
              + ", but the tensor for it is "
              + target
              + ". Bring a tensor of that shape, or let run(in) make one.");
    }
    target.copyFrom(result);
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    try {
      enter();
    } catch (IllegalStateException e) {
      return CompletableFuture.failedFuture(e);
    }
    FakeCall call;
    try {
      call = new FakeCall(model, check, in, options);
    } catch (RuntimeException e) {
      leave();
      return CompletableFuture.failedFuture(e);
    }
    Cancellation stop = new Cancellation();
    call.stopWith(stop);
    CompletableFuture<Batch> future = new CompletableFuture<>();
    future.whenComplete((result, failure) -> stop.cancel()).exceptionally(failure -> null);
    Thread thread = new Thread(() -> finish(call, future), "hone-fake-run");
    thread.setDaemon(true);
    thread.start();
    return future;
  }

  private void finish(FakeCall call, CompletableFuture<Batch> future) {
    try {
      Batch result;
      try (call) {
        result = call.compute();
      } finally {
        leave();
      }
      if (!future.complete(result)) {
        result.close(); // cancelled meanwhile: nobody else will
      }
    } catch (RuntimeException | Error e) {
      future.completeExceptionally(e);
    }
  }

  private synchronized void enter() {
    if (closed) {
      throw new IllegalStateException(
          "This session was closed, so it cannot run. Open a new one, and close it when the last"
              + " run is done.");
    }
    callsUnderWay++;
  }

  private synchronized void leave() {
    callsUnderWay--;
    notifyAll();
  }

  @Override
  public void close() {
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      while (callsUnderWay > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true; // the calls still need what close would take away
        }
      }
    }
    lifeline.cut();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
