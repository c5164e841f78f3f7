package dev.hone.batching;

import dev.hone.Device;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What opening a batcher found out about a session. */
final class Opening {
  /** By how much the number of threads must be better with which a lone call is slower. */
  private static final double PREFERENCE = 1.05;

  private static final int ROUNDS = 3;

  final Session session;
  final Probe.Verdict verdict;
  final @Nullable Plan plan; // null: calls run alone
  final List<String> notes = new ArrayList<>();

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
    WarmUp warmUp = new WarmUp(session, layout, samples, policy);
    return new Opening(session, verdict, warmUp.plan(known == null ? warmUp.measure() : known));
  }

  /** Opens the model with the number of threads with which it serves most rows. */
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
      all.session.close();
      throw e;
    }
    return better(all, one, policy.warmUpNanos / 4 / ROUNDS);
  }

  private static Opening open(Model model, SessionOptions options, BatchPolicy policy) {
    Session session = Session.open(model, options);
    try {
      return of(session, policy, null);
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** Keeps one of the two and closes the other. */
  private static Opening better(Opening all, Opening one, long nanos) {
    double[] rows = new double[2];
    try {
      for (int round = 0; round < ROUNDS; round++) { // in turns: the machine may be busy otherwise
        rows[0] = Math.max(rows[0], all.rowsPerSecond(nanos));
        rows[1] = Math.max(rows[1], one.rowsPerSecond(nanos));
      }
    } catch (RuntimeException | Error e) {
      all.session.close();
      one.session.close();
      throw e;
    }
    boolean quicker = one.aloneNanos() < all.aloneNanos(); // threads may cost more than they bring
    boolean single = rows[1] * (quicker ? PREFERENCE : 1 / PREFERENCE) > rows[0];
    Opening kept = single ? one : all;
    (single ? all : one).session.close();
    kept.notes.add(
        String.format(
            Locale.ROOT,
            "threads: %d for each run, as that serves %.0f rows a second; %d would serve %.0f",
            kept.session.report().threads(),
            rows[single ? 1 : 0],
            (single ? all : one).session.report().threads(),
            rows[single ? 0 : 1]));
    return kept;
  }

  /** How long one row takes by itself, or 0 if that was not measured. */
  private double aloneNanos() {
    return plan == null ? 0 : plan.grid().get(0, 0);
  }

  /** How many rows it serves when it has always something to do; 0 where that cannot be tried. */
  private double rowsPerSecond(long nanos) {
    Samples samples = verdict.samples();
    if (samples == null) {
      return 0;
    }
    int processors = Runtime.getRuntime().availableProcessors();
    int atOnce = plan == null ? processors : plan.lanes();
    int rows = plan == null ? 1 : Math.min(plan.maxRows(), WarmUp.USUAL_ROWS);
    return new Saturation(session, samples).rowsPerSecond(atOnce, rows, nanos);
  }
}
