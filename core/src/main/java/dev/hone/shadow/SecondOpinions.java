package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.metrics.SessionStats;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Runs sampled requests on the baseline, one at a time, on a thread of its own, and judges. Holds
 * copies of one request at most, and only until it is judged. Nothing that goes wrong here reaches
 * a caller.
 */
final class SecondOpinions implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Shadow.class.getName());
  private static final long IDLE_SECONDS = 10;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final Session fast;
  private final Session baseline;
  private final ShadowPolicy policy;
  private final LongSupplier clock;
  private final String name;
  private final Judge judge;
  private final long sampledBelow;
  private final AtomicLong requests = new AtomicLong(System.identityHashCode(this));
  private final AtomicBoolean busy = new AtomicBoolean();
  private final AtomicBoolean told = new AtomicBoolean();
  private final AtomicBoolean toldOfListener = new AtomicBoolean();
  private final LongAdder skipped = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final ThreadPoolExecutor thread;
  private volatile long nextNanos;
  private volatile boolean fallenBack;

  // Guarded by this.
  private final SequentialTest test;
  private final SketchWatch watch;
  private final CallerStats callers;
  private long compared;
  private long disagreed;
  private double sumOfDivergences;
  private double worstDivergence;

  SecondOpinions(Session fast, Session baseline, ShadowPolicy policy, LongSupplier clock) {
    this.fast = fast;
    this.baseline = baseline;
    this.policy = policy;
    this.clock = clock;
    this.name = fast.report().runtime() + " " + fast.precision();
    this.judge = Judge.of(policy, fast.signature());
    this.sampledBelow = (long) (policy.sampledShare * (1L << 53));
    this.nextNanos = clock.getAsLong();
    this.test = new SequentialTest(policy.healthyRate, policy.harmfulRate, policy.falseAlarmRate);
    this.watch =
        new SketchWatch(policy.reference().map(ShadowReference::sketches).orElse(Map.of()));
    this.callers = new CallerStats(fast, baseline);
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            SecondOpinions::newThread);
    thread.allowCoreThreadTimeOut(true);
  }

  @SuppressWarnings("ThreadPriorityCheck") // a wish: where it is not heard, the budget still holds
  private static Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "hone-shadow");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    return thread;
  }

  /** Whether to compare this request. Which ones, nobody can foresee or influence. */
  boolean sample() {
    long mixed = requests.getAndIncrement() * GOLDEN;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL; // SplitMix64 (Steele et al. 2014)
    return ((mixed ^ (mixed >>> 31)) >>> 11) < sampledBelow;
  }

  /**
   * Copies a request and its answer, to judge them later; or skips them, to keep the budget, or
   * because there is nothing to compare: that would pass for agreement.
   */
  void offer(Batch in, Batch out) {
    if (clock.getAsLong() - nextNanos < 0
        || !judge.compares(out)
        || fallenBack // it was called before
        || !busy.compareAndSet(false, true)) {
      skipped.increment();
      return;
    }
    List<Batch> copies = new ArrayList<>(2);
    try {
      copies.add(copy(in));
      copies.add(copy(out));
      thread.execute(() -> judge(copies));
    } catch (RejectedExecutionException | IllegalStateException e) {
      skipped.increment(); // this shadow or one of the batches was closed meanwhile
      drop(copies);
    } catch (RuntimeException | Error e) {
      failed.increment();
      drop(copies);
      tell(told, "A sampled request could not be copied", e);
    }
  }

  private void drop(List<Batch> copies) {
    copies.forEach(Batch::close);
    busy.set(false);
  }

  private static Batch copy(Batch batch) {
    List<Tensor> tensors = new ArrayList<>(batch.size());
    try {
      for (int i = 0; i < batch.size(); i++) {
        Tensor tensor = batch.tensor(i);
        tensors.add(Tensor.allocate(tensor.type(), tensor.shape()));
        tensors.get(i).copyFrom(tensor);
      }
      return Batch.of(batch.names(), tensors);
    } catch (RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      throw e;
    }
  }

  private void judge(List<Batch> copies) {
    try {
      if (fallenBack || fast.stats().now().pressure() > policy.mostPressure) {
        skipped.increment();
      } else {
        judge(copies.get(0), copies.get(1));
      }
    } catch (RuntimeException | Error e) {
      failed.increment();
      tell(told, "A sampled request could not be compared with the baseline", e);
    } finally {
      drop(copies);
    }
  }

  private void judge(Batch in, Batch out) {
    RunOptions options = RunOptions.DEFAULT.withOutputs(out.names().toArray(String[]::new));
    long startNanos = clock.getAsLong();
    Judge.Verdict verdict;
    try (Batch opinion = baseline.run(in, options)) {
      verdict = judge.compare(out, opinion);
    } finally {
      long endNanos = clock.getAsLong();
      nextNanos = endNanos + (long) ((endNanos - startNanos) * (1 / policy.budget - 1));
    }
    if (note(verdict, in, out)) {
      announce();
    }
  }

  /** Returns whether there is something to tell. */
  private synchronized boolean note(Judge.Verdict verdict, Batch in, Batch out) {
    Agreement before = test.state();
    compared++;
    disagreed += verdict.agrees() ? 0 : 1;
    sumOfDivergences += verdict.divergence();
    worstDivergence = Math.max(worstDivergence, verdict.divergence());
    Agreement now = test.observe(verdict.agrees());
    if (now == Agreement.DRIFT && policy.whenDrifted == ShadowPolicy.WhenDrifted.FALL_BACK) {
      callers.baselineTakesOver(); // before any caller can know
      fallenBack = true;
    }
    boolean shifted = watch.observe(in, out);
    return shifted || now != before;
  }

  private void announce() {
    ShadowStats stats = stats();
    DriftEvent.emit(name, stats);
    if (stats.state() == Agreement.DRIFT) {
      LOGGER.log(
          Level.WARNING,
          "The fast model does not agree with its baseline any more: "
              + stats
              + (fallenBack ? ". The baseline answers from now on." : "."));
    }
    try {
      policy.listener.accept(stats);
    } catch (RuntimeException | Error e) {
      tell(toldOfListener, "The listener of a shadow threw an exception", e);
    }
  }

  private static void tell(AtomicBoolean told, String what, Throwable thrown) {
    if (told.compareAndSet(false, true)) {
      LOGGER.log(
          Level.WARNING,
          what + "; callers did not notice. Further exceptions of this kind are not logged.",
          thrown);
    }
  }

  boolean isFallenBack() {
    return fallenBack;
  }

  void reset() {
    synchronized (this) {
      test.reset();
      fallenBack = false;
      callers.fastTakesOver();
    }
    announce();
  }

  /** What callers asked, whichever session answered them. */
  synchronized SessionStats callerStats() {
    return callers.stats();
  }

  synchronized ShadowStats stats() {
    return new ShadowStats(
        test.state(),
        test.evidence(),
        compared,
        disagreed,
        skipped.sum(),
        failed.sum(),
        compared == 0 ? 0 : sumOfDivergences / compared,
        worstDivergence,
        watch.shifts());
  }

  boolean isIdle() {
    return !busy.get();
  }

  /** Ends after the request that is being judged. */
  @Override
  public void close() {
    thread.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (thread.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true; // the baseline must not be closed under a run
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
