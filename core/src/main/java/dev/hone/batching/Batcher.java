package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.memory.LeakDetection;
import dev.hone.metrics.SessionStats;
import java.lang.System.Logger;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A session that lets its callers share batches.
 *
 * <pre>{@code
 * Session session = Batcher.over(Session.open(path), BatchPolicy.automatic());
 * }</pre>
 *
 * <p><b>What it does.</b> While the model is idle a call runs at once, in its caller's thread.
 * Calls that come while it is busy wait, and run together as soon as it is free: those for which
 * that is predicted to be cheapest, the one that is next by priority, fairness and age always among
 * them. Where rows differ in length and the model has a mask, they are padded, and rows of like
 * length are put together. Rows have one length: where a model has two, as those of an encoder and
 * a decoder, one is padded, and calls share batches if the other one is the same. Calls may have
 * any number of rows; large ones are split and joined again. An answer is what the call would have
 * got alone.
 *
 * <p><b>What it finds out.</b> Opening measures, {@link #over} for about a second and {@link
 * #open}, which measures more, for two to six: whether rows may share a batch at all (a model whose
 * rows influence each other is run call by call), what batches cost, how many should run at once,
 * and whether sharing pays; if it does not, calls do not wait for each other. {@link #open} also
 * finds out how many threads each run should have. {@link #report} says what was found, and where
 * calls share no batches the log, once, at level INFO. For blocking calls it goes on: a caller that
 * shares must be woken, which may cost more than its row, so now and then they do the other of the
 * two, share or run in their own threads, for some hundredths of a second, and go on with what
 * serves them faster. They always share if the policy names lanes, a linger, a latency target, a
 * bound of the queue, what happens when it is full or a share of a tenant, or says {@link
 * BatchPolicy.Builder#evenIfItDoesNotPay}; and calls of a tenant, of bulk priority or of a virtual
 * thread do.
 *
 * <p><b>Calls that share nothing</b>, be it that their model's rows may not or that it would not
 * pay, run by themselves. Asynchronous ones wait in the same queue, with its bounds, deadlines,
 * priorities and tenants, where each counts as one row, and as many run at once as there are lanes;
 * so do blocking ones of a tenant, of bulk priority and of virtual threads, and all where the
 * policy bounds the queue. Other blocking ones run at once, in their callers' threads.
 *
 * <p><b>Ownership.</b> The batcher owns the session it was given: closing it ends the calls under
 * way as usual, and then closes the session. Inputs of {@code runAsync} may be closed before the
 * result is there. Small results of one batch share memory, 4 KiB at most, which goes when all of
 * them are closed.
 *
 * <p><b>Overload.</b> What waits is bounded; see {@link BatchPolicy.Builder#maxQueueRows}. A call
 * that finds the queue full, or could not meet its deadline, fails with an {@link
 * dev.hone.HoneException.OverloadException} at once. {@link RunOptions#withPriority} and {@link
 * RunOptions#withTenant} say who goes first.
 *
 * <p><b>Interrupts.</b> A call whose thread is interrupted while it waits, in the queue or for room
 * there, ends with a {@link dev.hone.HoneException.CancelledException}; one that runs already is
 * answered. The thread stays interrupted.
 *
 * <p><b>Failures.</b> What fails in another thread than its caller's tells both: where the call was
 * made is among the {@linkplain Throwable#getSuppressed suppressed}.
 *
 * <p><b>Threads.</b> Thread-safe. Dependents of futures run on {@link
 * BatchPolicy.Builder#callbacksOn}, or in the thread that adds them; one that is added in the very
 * moment in which its future completes may run on a thread of the batcher, so none should block.
 * Virtual threads may call; what they ask for runs on platform threads of the batcher.
 */
public final class Batcher implements Session {
  /** What measuring the time of a run may be wrong by, as a part of it. */
  private static final double NOISE = 0.03;

  /** What calls of one length must gain to share at first: those of several lengths gain less. */
  private static final double CLEAR_GAIN = 1.3;

  /** What a call costs that nobody blocks for, as a part of waking a thread. */
  private static final double ASYNC_PART = 0.25;

  private final Session session;
  private final List<String> notes;
  private final Engine engine;
  private final boolean batching;
  private final String found; // in a few words
  private final LeakDetection.Lifeline lifeline;

  private Batcher(Opening opening, BatchPolicy policy) {
    this.session = opening.session;
    this.notes = opening.notes;
    Layout layout = opening.verdict.layout();
    Plan plan = opening.plan;
    long wake = WakeCost.nanos();
    if (layout != null && plan != null && pays(opening, plan, wake, policy)) {
      boolean sharing = !Opening.mayChoose(session, policy) || plan.gain(wake) > CLEAR_GAIN;
      this.batching = true;
      this.engine = new Engine(opening.sessions(), layout, policy, plan, sharing);
      this.found = "batched up to " + plan.maxRows() + " rows, " + plan.lanes() + " at once";
      String onWhat = describe(plan, sharing, opening.verdict.maxError());
      notes.add(describe(plan, wake) + onWhat);
    } else {
      this.batching = false;
      this.engine =
          new Engine(
              opening.sessions(),
              Layout.alone(session.signature()),
              policy,
              opening.planOfLoneCalls(policy),
              policy.queues);
      this.found = "calls share no batches";
      if (plan != null) {
        notes.add(describe(plan, wake) + "calls share no batches");
      }
      tellAlone(plan == null ? opening.verdict.notes() : notes);
    }
    if (plan != null) {
      noteTargetNotKept(policy, plan.grid().get(0, 0));
    }
    this.lifeline = LeakDetection.track(this, "batcher", engine::close);
  }

  private static boolean pays(Opening opening, Plan plan, long wakeNanos, BatchPolicy policy) {
    double noise = NOISE * plan.grid().get(0, 0);
    boolean little =
        wakeNanos < noise; // beside a run: sharing can lose little, and its costs be learned
    boolean wanted = policy.always || policy.queues || opening.lone != null;
    return wanted || little || plan.savedNanos() - noise > ASYNC_PART * wakeNanos;
  }

  private void noteTargetNotKept(BatchPolicy policy, double runNanos) {
    if (policy.latencyTargetNanos > 0 && runNanos > policy.latencyTargetNanos) {
      notes.add(
          String.format(
              Locale.ROOT,
              "batching: no call keeps the latencyTarget of %.3f ms: a run of one row takes"
                  + " %.3f ms",
              policy.latencyTargetNanos / 1e6,
              runNanos / 1e6));
    }
  }

  /** Who asked for batches and gets none need not find that out from a report alone. */
  private void tellAlone(List<String> why) {
    System.getLogger("dev.hone.batching")
        .log(Logger.Level.INFO, () -> session + ": " + String.join("; ", why));
  }

  /**
   * Opens a model and lets callers share batches on it. Where the options leave the number of
   * threads open, both usual ways are measured, one run at a time on all processors and several at
   * once on one each, and the better one is kept; callers that wake hold up runs of several
   * threads, so these must be better by a fifth; what lies between, two threads for each run on
   * four processors, say, is not tried, so name it in the options where it is known to be best.
   * Where several at once serve clearly more calls by that measure, but a call without company is
   * clearly quicker on all processors, or the other way round, both sessions are kept, and each
   * call runs on the one that suits it. While opening lasts, and then as long as the batcher does,
   * the model is in memory twice; give the number of threads, or open the session yourself and take
   * {@link #over}, where that is too much. {@link #report} says what was kept. The session counts
   * nothing, unless the options give it a recorder: {@link #stats} does, and runs of opening are
   * none of its calls.
   *
   * @param model the model
   * @param options what its session shall be
   * @param policy what is allowed
   * @throws IllegalArgumentException if the policy does not fit the model, or refuses it
   * @throws dev.hone.HoneException.ModelException if no runtime here can run it
   */
  public static Batcher open(Model model, SessionOptions options, BatchPolicy policy) {
    given(model, "model to open", "Load one with Model.load.");
    given(options, "options of the session", "SessionOptions.DEFAULT has them all.");
    requirePolicy(policy);
    return owning(Opening.of(model, options, policy), policy);
  }

  /** A batcher over a session that nobody else holds: if it fails, the session is closed. */
  static Batcher owning(Opening opening, BatchPolicy policy) {
    try {
      return new Batcher(opening, policy);
    } catch (RuntimeException | Error e) {
      opening.close();
      throw e;
    }
  }

  /**
   * Lets the callers of a session share batches.
   *
   * @param session the session; the batcher owns it from now on, unless this fails
   * @param policy what is allowed
   * @throws IllegalArgumentException if the policy does not fit the model, or refuses it
   * @throws IllegalStateException if opening runs the session, or takes the policy's samples, and
   *     finds them closed
   */
  public static Batcher over(Session session, BatchPolicy policy) {
    given(session, "session to batch for", "Open one with Session.open.");
    requirePolicy(policy);
    return new Batcher(Opening.of(session, policy, null), policy);
  }

  /** The same where the times of batches are known and need no measuring; for tests. */
  static Batcher over(Session session, BatchPolicy policy, CostGrid known) {
    return new Batcher(Opening.of(session, policy, known), policy);
  }

  /** The value, unless it is null: refused as sessions refuse it. */
  static <T> T given(@Nullable T value, String what, String remedy) {
    if (value == null) {
      throw new IllegalArgumentException("The " + what + " must not be null. " + remedy);
    }
    return value;
  }

  private static void requirePolicy(BatchPolicy policy) {
    given(policy, "policy of a batcher", "BatchPolicy.automatic() is the usual one.");
  }

  private static String describe(Plan plan, long wakeNanos) {
    return String.format(
        Locale.ROOT,
        "batching: sharing saves up to %.1f us a row, waking a caller takes %.1f us, calls that come"
            + " at once gain %.2f times: ",
        plan.savedNanos() / 1e3,
        wakeNanos / 1e3,
        plan.gain(wakeNanos));
  }

  private static String describe(Plan plan, boolean sharing, double maxError) {
    return (sharing ? "" : "blocking calls do not share at first; ")
        + String.format(
            Locale.ROOT, "up to %d rows a batch, %d at once; ", plan.maxRows(), plan.lanes())
        + (maxError == 0
            ? "rows are exactly equal"
            : String.format(Locale.ROOT, "rows differ by %.1e at most", maxError));
  }

  @Override
  public Signature signature() {
    return session.signature();
  }

  @Override
  public Device device() {
    return session.device();
  }

  @Override
  public Precision precision() {
    return session.precision();
  }

  /** The session's report, with notes on what batching found. */
  @Override
  public SessionReport report() {
    SessionReport report = session.report();
    List<String> all = new ArrayList<>(report.notes());
    all.addAll(notes);
    return new SessionReport(
        report.runtime(),
        report.device(),
        report.precision(),
        report.threads(),
        report.runsAtOnce(),
        report.nodes(),
        all);
  }

  /** Whether calls can share batches; if not, {@link #report} says why. */
  public boolean isBatching() {
    return batching;
  }

  /** How many asynchronous calls are watched over for their deadlines; for tests. */
  int watchedDeadlines() {
    return engine.watchedDeadlines();
  }

  /** What was called on it, and in what batches that ran. */
  @Override
  public SessionStats stats() {
    return engine.stats();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    try {
      return engine.call(in, null, options);
    } finally {
      Reference.reachabilityFence(this); // a session is no leak while it runs
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    try {
      if (out == null || options == null || !options.outputs().isEmpty()) {
        session.run(in, out, options); // refuses them
      } else {
        engine.call(in, out, options);
      }
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return engine.callAsync(this, in, options);
  }

  /**
   * The session and what was found, for example {@code model.onnx, INT8 on cpu, batched up to 16
   * rows, 2 at once}.
   */
  @Override
  public String toString() {
    return session + ", " + found;
  }

  @Override
  public void close() {
    engine.close();
    lifeline.cut();
  }
}
