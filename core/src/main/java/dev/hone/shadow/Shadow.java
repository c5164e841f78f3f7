package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.CallFuture;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.memory.LeakDetection;
import dev.hone.metrics.SessionStats;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A session that answers from a fast model and watches whether it still agrees with a slow one.
 *
 * <pre>{@code
 * Session fast = Session.open(path, SessionOptions.of(Precision.INT8));
 * Session baseline = Session.open(path, SessionOptions.builder().threads(1).build());
 * Session session = Shadow.of(fast, baseline, ShadowPolicy.DEFAULT);
 * }</pre>
 *
 * <p><b>What it does.</b> Answers come from the fast session, at once. A sampled share of requests
 * is copied with its answer, run on the baseline afterwards, one at a time, on a thread of low
 * priority and within a budget, and compared. A sequential test with stated error rates turns the
 * comparisons into a state; see {@link Agreement} and {@link ShadowPolicy.Builder#rates}. A change
 * goes to the policy's listener, to Flight Recorder as {@code dev.hone.Drift}, and to {@link
 * ShadowMetrics}; if the policy says so, the baseline answers from then on.
 *
 * <p><b>What it costs.</b> A request that is not sampled: a few nanoseconds and no memory. One that
 * is: a copy of its tensors. The baseline: its memory, and at most the budget of its time. Give it
 * one thread, so that it leaves the other processors alone.
 *
 * <p><b>Ownership.</b> The shadow owns both sessions: closing it closes them. Copies of requests
 * live only until they are judged, and never leave this process.
 *
 * <p><b>Threads.</b> Thread-safe, as any session.
 */
public final class Shadow implements Session {
  private final Session fast;
  private final Session baseline;
  private final SecondOpinions opinions;
  private final String note;
  private final LeakDetection.Lifeline lifeline;

  private Shadow(Session fast, Session baseline, ShadowPolicy policy) {
    this.fast = fast;
    this.baseline = baseline;
    SecondOpinions watching = new SecondOpinions(fast, baseline, policy, System::nanoTime);
    this.opinions = watching;
    this.note =
        "A share of "
            + policy.sampledShare
            + " of requests is compared with "
            + baseline.precision()
            + " on "
            + baseline.device()
            + ".";
    this.lifeline =
        LeakDetection.track(
            this,
            "shadow",
            () -> {
              watching.close();
              fast.close();
              baseline.close();
            });
  }

  /**
   * Watches a fast session.
   *
   * @param fast what answers; may be batched
   * @param baseline what is believed
   * @param policy how often to look, and what counts as agreement
   * @throws IllegalArgumentException if the two differ in the names or types of inputs or outputs,
   *     or the policy compares what the model does not give, or both are the same session, which
   *     would always agree with itself; then neither session is closed
   */
  public static Shadow of(Session fast, Session baseline, ShadowPolicy policy) {
    Objects.requireNonNull(fast, "fast session of a shadow");
    Objects.requireNonNull(baseline, "baseline session of a shadow");
    Objects.requireNonNull(policy, "policy of a shadow; ShadowPolicy.DEFAULT is the usual one");
    if (fast == baseline) {
      throw new IllegalArgumentException(
          "The fast session and its baseline are both "
              + fast
              + ", one session that always agrees with itself. Open a second one, at the precision"
              + " that is believed.");
    }
    requireAlike("inputs", fast.signature().inputs(), baseline.signature().inputs());
    requireAlike("outputs", fast.signature().outputs(), baseline.signature().outputs());
    return new Shadow(fast, baseline, policy);
  }

  private static void requireAlike(
      String what, List<Signature.Value> fast, List<Signature.Value> baseline) {
    boolean alike = fast.size() == baseline.size();
    for (int i = 0; alike && i < fast.size(); i++) {
      alike =
          fast.get(i).name().equals(baseline.get(i).name())
              && fast.get(i).type() == baseline.get(i).type();
    }
    if (!alike) {
      throw new IllegalArgumentException(
          "A model and its baseline must have the same "
              + what
              + ", but the fast model has "
              + fast
              + " and the baseline "
              + baseline
              + ".");
    }
  }

  private Session answering() {
    return opinions.isFallenBack() ? baseline : fast;
  }

  /** The two sessions, for example {@code model.onnx, INT8 on cpu, shadowed by …}. */
  @Override
  public String toString() {
    return fast + ", shadowed by " + baseline;
  }

  /** What was found so far. */
  public ShadowStats shadowStats() {
    return opinions.stats();
  }

  /** Whether the baseline answers, because the models did not agree. */
  public boolean isFallenBack() {
    return opinions.isFallenBack();
  }

  /**
   * Begins anew after {@link Agreement#DRIFT}: the fast model answers again and is watched. Calls
   * that the baseline is answering at that moment may be missing in {@link #stats}.
   */
  public void reset() {
    opinions.reset();
  }

  /** Whether no comparison is under way. */
  boolean isIdle() {
    return opinions.isIdle();
  }

  @Override
  public Signature signature() {
    return fast.signature();
  }

  @Override
  public Device device() {
    return answering().device();
  }

  @Override
  public Precision precision() {
    return answering().precision();
  }

  @Override
  public SessionReport report() {
    SessionReport report = answering().report();
    List<String> notes = new ArrayList<>(report.notes());
    notes.add(
        isFallenBack() ? "The baseline answers, because the fast model did not agree." : note);
    return new SessionReport(
        report.runtime(),
        report.device(),
        report.precision(),
        report.threads(),
        report.runsAtOnce(),
        report.nodes(),
        notes);
  }

  /**
   * The statistics of what callers asked: counts of the fast session, and of the baseline while it
   * answered in its place, without second opinions; gauges of the one that answers now. See {@link
   * #shadowStats} for the comparison.
   */
  @Override
  public SessionStats stats() {
    return opinions.callerStats();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    try {
      Session session = answering();
      Batch out = session.run(in, options);
      if (session == fast && opinions.sample()) {
        opinions.offer(in, out);
      }
      return out;
    } finally {
      Reference.reachabilityFence(this); // a session is no leak while it runs
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    try {
      Session session = answering();
      session.run(in, out, options);
      if (session == fast && opinions.sample()) {
        opinions.offer(in, out);
      }
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // what whenComplete returns says nothing new
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    Session session = answering();
    CompletableFuture<Batch> answer = session.runAsync(in, options);
    if (session != fast || !opinions.sample()) {
      return answer;
    }
    try {
      in.hold();
    } catch (IllegalStateException e) {
      return answer; // fails, and says why
    }
    Sampled sampled = new Sampled(answer);
    answer.whenComplete(
        (out, thrown) -> {
          try {
            if (thrown == null) {
              opinions.offer(in, out);
            }
          } finally {
            in.release();
            sampled.end(out, thrown);
            Reference.reachabilityFence(this);
          }
        });
    return sampled;
  }

  /**
   * A future that completes after the copy was made, so that its user cannot change the answer
   * before.
   */
  private static final class Sampled extends CallFuture {
    private final CompletableFuture<Batch> answer;

    Sampled(CompletableFuture<Batch> answer) {
      this.answer = answer;
    }

    void end(@Nullable Batch out, @Nullable Throwable thrown) {
      finish(out, thrown);
    }

    @Override
    protected boolean stop(Throwable why) {
      return stop(answer, why);
    }
  }

  @Override
  public void close() {
    lifeline.cut();
  }
}
