package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.memory.Memory;
import dev.hone.memory.MemoryPool;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * The map of this package.
 *
 *   caller ──▶ does it queue? ──▶ Layout: valid? which Kind? ──▶ Admission: room? ──▶ Intake
 *     │                                                              │ drained by whoever forms
 *     │ a lane is free and nothing waits, or Trial says so           ▼
 *     ▼                                                          WaitingRoom: Level ▶ TenantQueue
 *   Session.run, in the caller's thread                              │
 *                                                                    ▼ BatchFormer, CostModel, Limits
 *   caller ◀── Request: answered, once ◀── Pilot, Joiner ◀──────── Flight, on a Lane
 *
 * Engine is the front: it takes calls, and closes; CallsUnderWay counts how they end, and Admission
 * asks Ahead what would be served before one. Scheduler is the back: it has the lanes, and says who
 * runs; Backlog has what waits, from Intake to BatchFormer, and says what runs next. Opening is
 * apart from all: Probe finds out whether rows may share a batch, WarmUp what batches cost.
 *
 * Closing. The gate of CallsUnderWay counts them; closing refuses new ones, waits until those under
 * way have ended as they always do, and then stops the lanes, which have nothing to do any more.
 */

/** Takes calls, and runs them by themselves or queues them. Thread-safe. */
final class Engine implements Gauges {
  private final Sessions sessions;
  private final Layout layout;
  private final BatchPolicy policy;
  private final Recorder recorder;
  private final Admission admission;
  private final Scheduler scheduler;
  private final Padding padding;
  private final MemoryPool pool;
  private final CallsUnderWay calls;
  private final Deadlines deadlines = new Deadlines();
  private final Alone alone;
  private final @Nullable Trial trial; // null: blocking calls always do as was found at opening
  private final boolean queueing; // what was found at opening
  private final boolean budgeted; // whether calls that do not queue must keep a budget, too
  private final ReentrantLock closing = new ReentrantLock();

  /**
   * An engine.
   *
   * @param queueing whether blocking calls queue, to share batches where they can, unless they turn
   *     out not to gain by it; if not, they run in their callers' threads
   */
  Engine(Sessions sessions, Layout layout, BatchPolicy policy, Plan plan, boolean queueing) {
    this.sessions = sessions;
    this.layout = layout;
    this.policy = policy;
    this.recorder = policy.recorder != null ? policy.recorder : counting(plan);
    this.admission = new Admission(policy, plan.lanes(), recorder);
    double gain = plan.gain(WakeCost.nanos());
    this.queueing = queueing;
    this.budgeted = layout.sharesBatches() && policy.hasBudgets();
    this.trial =
        layout.sharesBatches() && Opening.mayChoose(sessions.shared(), policy)
            ? new Trial(queueing, queueing ? gain : 1 / gain, System::nanoTime)
            : null;
    this.calls = new CallsUnderWay(admission, recorder, policy.callbacks, trial);
    this.padding = new Padding(layout.ports());
    this.pool = new MemoryPool(policy.maxQueueBytes);
    Joiner joiner = new Joiner(layout, pool, padding);
    try {
      this.scheduler =
          new Scheduler(sessions, calls::count, joiner, admission, policy, plan, recorder);
    } catch (RuntimeException | Error e) { // no threads, say
      padding.close();
      pool.close();
      throw e;
    }
    this.alone = new Alone(sessions, calls::count, recorder);
  }

  private Recorder counting(Plan plan) {
    int together = layout.sharesBatches() ? plan.maxRows() : 0;
    Capacity capacity = new Capacity(plan.lanes(), together, policy.maxQueueDelayNanos);
    return Recorder.counting("batcher", capacity, this);
  }

  /** A blocking call; the results are the caller's, or {@code out} if that is given. */
  Batch call(Batch in, @Nullable Batch out, RunOptions options) {
    long begunNanos = System.nanoTime();
    calls.enter(begunNanos);
    try {
      InputCheck.requireOptions(options);
      boolean platform = Threads.mayRunNative(); // a virtual thread's call runs on a lane's
      boolean queues = !platform || queues(options);
      if (!queues && !budgeted) {
        return alone.run(in, out, options, begunNanos, begunNanos); // the session checks it
      }
      Batch ordered = layout.inOrder(in);
      Kind kind = kindOf(ordered, out, layout.wanted(out, options));
      if (!queues) {
        return alone.run(ordered, out, options, begunNanos, begunNanos);
      }
      Lane lane = platform ? scheduler.laneFor(kind, ordered) : null;
      return lane != null
          ? runOn(lane, ordered, out, options, begunNanos)
          : await(ordered, out, options, kind, platform, begunNanos);
    } catch (RuntimeException | Error e) {
      calls.record(e);
      throw e;
    } finally {
      calls.leave(begunNanos);
    }
  }

  /** Queues a call and waits for its end, perhaps running it and others in this thread. */
  private Batch await(
      Batch in,
      @Nullable Batch out,
      RunOptions options,
      Kind kind,
      boolean platform,
      long begunNanos) {
    BlockingRequest request;
    try {
      int length = kind.lengthOf(in);
      if (out != null && !kind.runsAlone()) { // else the session checks them
        layout.checkTargets(out, in.tensor(0).shape().rows(), length);
      }
      long cost = scheduler.costNanos(length, kind.costRowsOf(in));
      request = new BlockingRequest(calls, kind, in, out, length, cost, options, begunNanos);
      admit(request);
    } catch (RuntimeException | Error e) {
      scheduler.look();
      throw e;
    }
    try { // who runs a batch can watch no deadline
      scheduler.submit(request, platform && !request.hasDeadline());
    } catch (RuntimeException | Error e) {
      request.settle(e); // and wait all the same, for others may be woken from there
    }
    return request.await();
  }

  /** Whether a blocking call queues; one that says who goes first always does. */
  private boolean queues(RunOptions options) {
    if (options.priority() == RunOptions.Priority.BULK || !options.tenant().isEmpty()) {
      return true;
    }
    return trial == null ? queueing : trial.shares();
  }

  private Batch runOn(
      Lane lane, Batch in, @Nullable Batch out, RunOptions options, long begunNanos) {
    try {
      return alone.run(in, out, options, begunNanos, System.nanoTime());
    } finally {
      scheduler.giveBack(lane);
    }
  }

  /**
   * An asynchronous call.
   *
   * @param owner what must not be lost before the call is over
   */
  CompletableFuture<Batch> callAsync(Object owner, Batch in, RunOptions options) {
    long begunNanos = System.nanoTime();
    try {
      calls.enter(begunNanos);
    } catch (IllegalStateException e) {
      return CompletableFuture.failedFuture(e);
    }
    AsyncRequest request;
    try {
      InputCheck.requireOptions(options);
      request = asyncRequest(owner, layout.inOrder(in), options, begunNanos);
      admit(request);
    } catch (RuntimeException | Error e) {
      calls.record(e);
      calls.leave(begunNanos);
      return CompletableFuture.failedFuture(e);
    }
    scheduler.submit(request);
    return request; // the end of the request leaves the gate
  }

  private AsyncRequest asyncRequest(Object owner, Batch in, RunOptions options, long begunNanos) {
    Kind kind = kindOf(in, null, options.outputs());
    int length = kind.lengthOf(in);
    long cost = scheduler.costNanos(length, kind.costRowsOf(in));
    Batch kept = kind.runsAlone() ? in.share() : in;
    try {
      return new AsyncRequest(calls, owner, kind, kept, length, cost, options, begunNanos);
    } catch (RuntimeException | Error e) {
      if (kept != in) {
        kept.close();
      }
      throw e;
    }
  }

  /** Whether a tensor lies where rows cannot be copied from Java. */
  private static boolean onDevice(@Nullable Batch tensors) {
    int count = tensors == null ? 0 : tensors.size();
    for (int i = 0; tensors != null && i < count; i++) {
      if (tensors.tensor(i).memory().device() != null) {
        return true;
      }
    }
    return false;
  }

  /** The kind of a call that writes to these targets, if it brings any. */
  private Kind kindOf(Batch in, @Nullable Batch out, List<String> outputs) {
    Kind kind = onDevice(in) || onDevice(out) ? null : layout.kindOf(in, outputs);
    if (kind == null || kind.runsAlone() || in.tensor(0).shape().rows() == 0) {
      return layout.aloneKind(outputs);
    }
    int length = kind.lengthOf(in);
    if (budgeted) {
      scheduler.requireFits(kind, length);
    } else if (!scheduler.fits(kind, length)) {
      return layout.aloneKind(outputs); // nobody said that it must not be so large
    }
    return kind;
  }

  /**
   * Admits a request and watches for its early end, which may come before this returns, be it
   * because watching fails; throws if there is no room, and then holds nothing.
   */
  private void admit(Request request) {
    request.holdTensors();
    try {
      admission.admit(request, scheduler);
    } catch (RuntimeException | Error e) {
      request.endUse();
      throw e;
    }
    try {
      EarlyEnds.listen(request, deadlines);
    } catch (RuntimeException | Error e) { // no thread for the timer, say
      request.settle(e); // gives back what admitting took, and tells the caller
    }
  }

  @Override
  public long queuedRows() {
    return admission.rows();
  }

  @Override
  public long oldestWaitNanos() {
    return scheduler.oldestWaitNanos();
  }

  @Override
  public long nativeBytes() {
    return Memory.stats().liveBytes();
  }

  @Override
  public long peakNativeBytes() {
    return Memory.stats().peakBytes();
  }

  SessionStats stats() {
    return recorder.snapshot();
  }

  /** How many asynchronous calls are watched over for their deadlines; for tests. */
  int watchedDeadlines() {
    return deadlines.watched();
  }

  /** Refuses new calls, waits for those under way, lets everything go and closes the session. */
  void close() {
    scheduler.hurry();
    calls.close();
    closing.lock();
    try {
      scheduler.stop();
      deadlines.close();
      padding.close();
      pool.close();
      sessions.close();
    } finally {
      closing.unlock();
    }
  }
}
