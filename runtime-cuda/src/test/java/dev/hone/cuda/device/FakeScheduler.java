package dev.hone.cuda.device;

import dev.hone.cuda.device.FakeHeap.Access;
import dev.hone.cuda.device.FakeStream.Capture;
import dev.hone.cuda.device.FakeStream.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs what is queued on the streams of a {@link FakeCuda}, in an order drawn from a seed: any that
 * the order within streams and the waits between them leave open.
 */
final class FakeScheduler {
  private static final int HOST = 0;

  final FakeClock host = new FakeClock();
  private final List<FakeStream> streams = new ArrayList<>();
  private final List<String> violations;
  private final Random random;
  private int timelines = HOST + 1;
  private @Nullable FakeHeap heap;
  private long executed;
  private long failAtOperation = -1;
  private int failWith;
  private int stickyError;

  FakeScheduler(long seed, List<String> violations) {
    this.random = new Random(seed);
    this.violations = violations;
  }

  void use(FakeHeap newHeap) {
    heap = newHeap;
  }

  /** The operation that runs as the n-th from now, from 1, fails in its course. */
  void failOperation(long n, int code) {
    failAtOperation = executed + n;
    failWith = code;
  }

  int stickyError() {
    return stickyError;
  }

  void fail(int code) {
    if (stickyError == 0) {
      stickyError = code;
      streams.forEach(stream -> stream.queue.clear());
    }
  }

  FakeStream open() {
    FakeStream stream = new FakeStream(timelines++);
    streams.add(stream);
    return stream;
  }

  void close(FakeStream stream) {
    streams.remove(stream);
  }

  boolean isCapturing() {
    return streams.stream().anyMatch(stream -> stream.capture != null);
  }

  void breakCaptures() {
    for (FakeStream stream : streams) {
      if (stream.capture != null) {
        stream.capture.broken = true;
      }
    }
  }

  /** Queues or captures an operation. False: it uses what is not there, and was not queued. */
  boolean queue(FakeStream stream, String what, List<Access> accesses, Runnable action) {
    FakeOperation operation = next(stream, what, accesses, () -> true, action);
    Capture capture = stream.capture;
    if (capture != null) {
      capture.operations.add(operation);
      return true;
    }
    boolean fine = heap().queued(operation);
    stream.queue.add(operation);
    return fine;
  }

  private FakeOperation next(
      FakeStream stream,
      String what,
      List<Access> accesses,
      BooleanSupplier ready,
      Runnable action) {
    stream.clock.merge(host);
    int tick = stream.clock.tick(stream.timeline);
    return new FakeOperation(
        what, stream.timeline, tick, stream.clock.copy(), accesses, ready, action);
  }

  Recording record(FakeStream stream) {
    stream.clock.merge(host);
    stream.clock.tick(stream.timeline);
    Recording recording = new Recording(stream.clock.copy(), stream.capture);
    if (stream.capture == null) {
      stream.queue.add(next(stream, "record", List.of(), () -> true, () -> recording.done = true));
    }
    return recording;
  }

  void await(FakeStream stream, Recording recording) {
    Capture capture = recording.capture;
    if (capture != null && capture.origin.capture != capture) {
      violations.add("a wait for an event of a capture that has ended");
      return;
    }
    if (capture != null && stream.capture == null) {
      stream.capture = capture; // which is how a stream joins a capture
      capture.joined.add(stream);
    }
    stream.clock.merge(recording.clock);
    if (stream.capture == null) {
      stream.queue.add(next(stream, "wait", List.of(), () -> recording.done, () -> {}));
    }
  }

  /** Ends a capture; null if it is broken. */
  @Nullable Capture endCapture(FakeStream origin, Capture capture) {
    for (FakeStream stream : capture.joined) {
      FakeClock end = stream.clock.copy();
      int tick = end.tick(stream.timeline) - 1;
      if (!capture.broken && tick > 0 && !origin.clock.includes(stream.timeline, tick)) {
        violations.add("a capture ended before stream " + stream.timeline + " was joined to it");
        capture.broken = true;
      }
      stream.capture = null;
    }
    return capture.broken ? null : capture;
  }

  /** Lets some of what may run now run. */
  void progress() {
    for (int steps = random.nextInt(4); steps > 0 && step(); steps--) {}
  }

  /** Lets things run in any order until this is so. */
  void runUntil(BooleanSupplier reached) {
    while (stickyError == 0 && !reached.getAsBoolean()) {
      if (!step()) {
        throw new AssertionError("Nothing can run, and what the host waits for did not happen.");
      }
    }
  }

  private boolean step() {
    List<FakeStream> ready = new ArrayList<>();
    for (FakeStream stream : streams) {
      FakeOperation head = stream.queue.peek();
      if (head != null && head.ready().getAsBoolean()) {
        ready.add(stream);
      }
    }
    if (ready.isEmpty() || stickyError != 0) {
      return false;
    }
    FakeStream chosen = ready.get(random.nextInt(ready.size()));
    run(chosen.queue.remove());
    return true;
  }

  private void run(FakeOperation operation) {
    boolean does = !operation.what().equals("wait") && !operation.what().equals("record");
    if (does && ++executed == failAtOperation) {
      fail(failWith);
      return;
    }
    for (Access access : operation.accesses()) {
      if (!heap().isLive(access, operation.what() + ", when it ran")) {
        fail(CudaError.ILLEGAL_ADDRESS.code());
        return;
      }
    }
    operation.action().run();
  }

  private FakeHeap heap() {
    if (heap == null) {
      throw new IllegalStateException("no heap yet");
    }
    return heap;
  }
}
