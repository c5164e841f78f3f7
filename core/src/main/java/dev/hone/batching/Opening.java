package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.metrics.Recorder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What opening a batcher found out about a session. */
final class Opening {
  /** By how much a second session must serve some calls faster to be worth its memory. */
  private static final double WORTH_A_SESSION = 1.1;

  /**
   * How many times as many rows a second runs of several threads must serve while opening measures
   * them, to serve more in earnest: callers that wake hold up one of the threads, and it all
   * others.
   */
  private static final double TOGETHER = 1.2;

  private static final int ROUNDS = 5;

  /** A larger row is measured, too, if so many calls of a usual one fit into the time for those. */
  private static final int SOON_DONE = 8;

  private static final double GUESSED_NANOS = 1e6; // of a run that was never seen
  private static final long LONE_NANOS = 5_000_000; // so long at least lone runs are measured

  /** How many times as long as a warm-up it goes on where the best of them stands alone. */
  private static final int MOST_WARM_UPS = 2;

  private static final int WINDOWS_IN_WARM_UP = 18;

  final Session session;
  final Probe.Verdict verdict;
  final @Nullable Plan plan; // null: calls run alone
  final List<String> notes = new ArrayList<>();
  @Nullable Session lone; // for calls without company, if that is another one
  Sessions.SizeRange loneSizes = Sessions.SizeRange.ALL;

  Opening(Session session, Probe.Verdict verdict, @Nullable Plan plan) {
    this.session = session;
    this.verdict = verdict;
    this.plan = plan;
    this.notes.addAll(verdict.notes());
  }

  /**
   * Probes a session and measures it.
   *
   * @param known the times of batches, where they need no measuring
   */
  static Opening of(Session session, BatchPolicy policy, @Nullable CostGrid known) {
    Probe.Verdict verdict = new Probe(session, policy).run();
    Layout layout = verdict.layout();
    Samples samples = verdict.samples();
    if (layout == null || samples == null) {
      return new Opening(session, verdict, null);
    }
    requireUsable(policy, layout, samples);
    WarmUp warmUp = new WarmUp(session, layout, samples, policy);
    if (known != null) {
      return new Opening(session, verdict, warmUp.plan(known));
    }
    Plan plan = warmUp.plan(warmUp.measure());
    return new Opening(session, verdict, mayChoose(session, policy) ? warmUp.compare(plan) : plan);
  }

  private static void requireUsable(BatchPolicy policy, Layout layout, Samples samples) {
    try (Batch in = samples.rows(0, 1, CostModel.SHORTEST, false)) {
      Kind kind = layout.isRegular() ? layout.kindOf(in, List.of()) : null;
      if (kind != null) {
        Limits.requireUsable(policy, kind);
      }
    }
  }

  /** Whether blocking calls may share or not, as serves them better. */
  static boolean mayChoose(Session session, BatchPolicy policy) {
    return policy.leavesThreadsFree() && session.device().kind() == Device.Kind.CPU;
  }

  /**
   * Opens the model with the number of threads with which it serves best; with both, if one serves
   * many calls at once clearly faster, and the other a call without company.
   */
  static Opening of(Model model, SessionOptions options, BatchPolicy policy) {
    int processors = Runtime.getRuntime().availableProcessors();
    boolean given = options.threads() > 0 || options.device().kind() != Device.Kind.CPU;
    if (given || processors == 1) {
      return open(model, options, policy);
    }
    Opening all = open(model, options, policy);
    Opening one;
    try {
      one = open(model, options.toBuilder().threads(1).build(), policy);
    } catch (RuntimeException | Error e) {
      all.close();
      throw e;
    }
    return better(all, one, policy);
  }

  private static Opening open(Model model, SessionOptions options, BatchPolicy policy) {
    Session session = Session.open(model, countingNothing(options));
    try {
      return of(session, policy, null);
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** The batcher counts each call, and what measures the session are no calls. */
  private static SessionOptions countingNothing(SessionOptions options) {
    return options.recorder().isPresent()
        ? options
        : options.toBuilder().recorder(Recorder.disabled()).build();
  }

  /** Makes one of the two: keeps the better one, or both; what is not kept is closed. */
  static Opening better(Opening all, Opening one, BatchPolicy policy) {
    if (all.verdict.samples() == null || one.verdict.samples() == null) {
      one.close();
      return all; // it cannot be tried
    }
    try {
      Speed ofAll = new Speed();
      Speed ofOne = new Speed();
      long most = System.nanoTime() + MOST_WARM_UPS * policy.warmUpNanos; // a slow model is left so
      for (int round = 0; // in turns: the machine may be busy otherwise
          round < ROUNDS || (System.nanoTime() - most < 0 && !Speed.areConfirmed(ofAll, ofOne));
          round++) {
        ofAll.measure(all, policy.warmUpNanos / WINDOWS_IN_WARM_UP);
        ofOne.measure(one, policy.warmUpNanos / WINDOWS_IN_WARM_UP);
      }
      double gain = TOGETHER * ofOne.rows.value() / ofAll.rows.value();
      return gain > 1
          ? better(one, ofOne, all, ofAll, gain, policy)
          : better(all, ofAll, one, ofOne, 1 / gain, policy);
    } catch (RuntimeException | Error e) {
      all.close();
      one.close();
      throw e;
    }
  }

  /** The same where the first one serves so many times as many rows when many call. */
  private static Opening better(
      Opening many, Speed ofMany, Opening other, Speed ofOther, double gain, BatchPolicy policy) {
    boolean larger = ofMany.knowsLarger() && ofOther.knowsLarger();
    double quicker = ofOther.alone.value() / ofMany.alone.value();
    double quickerLarger = larger ? ofOther.larger.value() / ofMany.larger.value() : quicker;
    Lacks lacks = new Lacks(Math.max(quicker, quickerLarger), gain);
    if (lacks.areWorthASession() && many.plan != null && many.agreesWith(other, policy)) {
      many.lone = other.session;
      many.loneSizes = sizes(quicker, quickerLarger, ofMany.between);
      many.notes.add(describe(many, ofMany, other, ofOther));
      return many;
    }
    if (lacks.areLessWithOther()) {
      other.notes.add(describe(other, ofOther, many, ofMany));
      many.close();
      return other;
    }
    many.notes.add(describe(many, ofMany, other, ofOther));
    other.close();
    return many;
  }

  /**
   * For which calls without company another session is the quicker one.
   *
   * @param usual how many times as many calls of a usual row it answers
   * @param larger the same of a larger one
   * @param between the size from which on calls are taken to be like the latter
   */
  static Sessions.SizeRange sizes(double usual, double larger, long between) {
    return new Sessions.SizeRange(usual > 1 ? 0 : between, larger > 1 ? Long.MAX_VALUE : between);
  }

  private static String describe(Opening kept, Speed ofKept, Opening other, Speed ofOther) {
    String larger =
        ofKept.knowsLarger() && ofOther.knowsLarger()
            ? String.format(
                Locale.ROOT,
                ", larger ones %.0f and %.0f",
                ofKept.larger.value(),
                ofOther.larger.value())
            : "";
    return String.format(
        Locale.ROOT,
        "threads: %d for each run, which serves %.0f rows a second; %d would serve %.0f."
            + " Calls without company: %.0f and %.0f a second%s%s",
        kept.session.report().threads(),
        ofKept.rows.value(),
        other.session.report().threads(),
        ofOther.rows.value(),
        ofKept.alone.value(),
        ofOther.alone.value(),
        larger,
        kept.lone == null
            ? ""
            : ", so " + loneCalls(kept.loneSizes) + " run in a second session, on the latter");
  }

  private static String loneCalls(Sessions.SizeRange sizes) {
    if (sizes.equals(Sessions.SizeRange.ALL)) {
      return "they";
    }
    return sizes.least() > 0
        ? "those with " + sizes.least() + " elements or more of their first input"
        : "those with less than " + sizes.beyond() + " elements of their first input";
  }

  /** Whether the other session gives the same answers, within the tolerance for rows. */
  private boolean agreesWith(Opening other, BatchPolicy policy) {
    Samples samples = verdict.samples();
    if (samples == null) {
      return false;
    }
    try (Batch in = samples.rows(0, 1, CostModel.SHORTEST, false);
        Batch mine = session.run(in);
        Batch others = other.session.run(in)) {
      return Difference.of(mine, others) <= Probe.tolerance(session, policy);
    }
  }

  /** The plan where each call runs alone. */
  Plan planOfLoneCalls(BatchPolicy policy) {
    CostGrid grid = new CostGrid(false);
    grid.put(0, 0, runNanos());
    return new Plan(grid, 1, policy.lanes > 0 ? policy.lanes : WarmUp.usualLanes(session), 0);
  }

  /** How long a usual call takes, or a guess; each one that queues corrects it. */
  private double runNanos() {
    Plan known = plan;
    Samples samples = verdict.samples();
    if (known != null) {
      return known.grid().get(0, 0);
    }
    if (samples == null) {
      return GUESSED_NANOS;
    }
    Best perSecond = new Best();
    try (Batch in = samples.rows(0, 1, CostModel.SHORTEST, false)) {
      long begin = System.nanoTime();
      do { // once more, unless that takes long: the first run has much to do that others have not
        long start = System.nanoTime();
        session.run(in).close();
        perSecond.add(1e9 / Math.max(1, System.nanoTime() - start));
      } while (System.nanoTime() - begin < LONE_NANOS);
    } catch (RuntimeException e) { // too long for this model
      return GUESSED_NANOS;
    }
    return 1e9 / perSecond.value();
  }

  /** The session or the two of them. */
  Sessions sessions() {
    return new Sessions(session, lone, loneSizes);
  }

  /** Closes what it opened. */
  void close() {
    sessions().close();
  }

  /**
   * What each of two sessions would lack as the only one.
   *
   * @param ofMany how many times as long a call without company takes on the one that serves many
   *     calls at once better, as on the other one
   * @param ofOther how many times as many rows a second the former serves
   */
  record Lacks(double ofMany, double ofOther) {
    /** Whether so much would be lost with either that both should stay. */
    boolean areWorthASession() {
      return Math.min(ofMany, ofOther) > WORTH_A_SESSION;
    }

    /** Whether the other one is the better choice. */
    boolean areLessWithOther() {
      return ofOther < ofMany;
    }
  }

  /** How fast a session is. */
  private static final class Speed {
    final Best rows = new Best(); // a second, when there is always something to do
    final Best alone = new Best(); // calls of one long row a second, one by one: threads help there
    final Best larger = new Best(); // of one so large that they help if they ever do
    long between; // the size of a call half-way, by doublings, from the one to the other

    static boolean areConfirmed(Speed one, Speed other) {
      return one.isConfirmed() && other.isConfirmed();
    }

    private boolean isConfirmed() {
      return rows.isConfirmed() && alone.isConfirmed() && (larger.isConfirmed() || !knowsLarger());
    }

    /** Whether the larger row was measured; not where the usual one takes long enough to tell. */
    boolean knowsLarger() {
      return larger.value() > 0;
    }

    void measure(Opening of, long nanos) {
      Samples samples = of.verdict.samples();
      if (samples == null) {
        return; // it cannot be tried
      }
      Saturation saturation = new Saturation(of.session, samples);
      Plan plan = of.plan;
      int atOnce = plan == null ? Runtime.getRuntime().availableProcessors() : plan.lanes();
      int most = plan == null ? 1 : Math.min(plan.maxRows(), WarmUp.USUAL_ROWS);
      rows.add(saturation.rowsPerSecond(atOnce, most, Saturation.SHORT, nanos));
      alone.add(callsPerSecond(saturation, nanos / 2));
      Samples more = samples.larger();
      if (more != null && alone.value() * nanos / 2 > SOON_DONE * 1e9) {
        measureLarger(of.session, samples, more, nanos / 2);
      }
    }

    private void measureLarger(Session session, Samples usual, Samples more, long nanos) {
      try (Batch one = usual.rows(0, 1, Saturation.LONG, false);
          Batch other = more.rows(0, 1, Saturation.LONGER, false)) {
        Saturation saturation = new Saturation(session, more);
        larger.add(saturation.rowsPerSecond(1, 1, Saturation.LONGER, nanos));
        double product = (double) Sessions.sizeOf(one) * Sessions.sizeOf(other);
        between = Math.round(Math.sqrt(product));
      } catch (RuntimeException | OutOfMemoryError e) { // too large for this model
        larger.add(0);
      }
    }

    private static double callsPerSecond(Saturation saturation, long nanos) {
      try {
        return saturation.rowsPerSecond(1, 1, Saturation.LONG, nanos);
      } catch (RuntimeException e) { // too long for this model
        return saturation.rowsPerSecond(1, 1, Saturation.SHORT, nanos);
      }
    }
  }
}
