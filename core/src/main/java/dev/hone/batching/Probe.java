package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.memory.MemoryPool;
import dev.hone.metrics.Dispatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds out by trying whether rows may share a batch.
 *
 * <p>The same rows run alone, together, together with rows of far larger values, and padded to a
 * common length; each time a row must give what it gives alone. What makes it differ: scales that
 * are computed over the whole batch (dynamic quantization), normalization or reductions over rows,
 * a mask that is not applied everywhere. Another order of summation is no reason, within the
 * tolerance.
 */
final class Probe {
  private static final int[] LENGTHS = {3, 9, 14, 16};

  /** Of which the model took the longest already. */
  private static final int[] TAKEN_LENGTHS = {3, 7, 9, 11};

  private static final int TOGETHER = 8; // rows
  private static final int JUDGED = 4; // of them; the others may be loud

  /**
   * Largest integers and free lengths to try: words and pictures, two types, lines of text (48 or
   * 32 high), small grids.
   */
  private static final int[][] TRIALS = {
    {100, 64}, {1, 64}, {100, 48}, {100, 32}, {100, 16}, {0, 16}, {0, 224}
  };

  private final Session session;
  private final BatchPolicy policy;
  private final double tolerance;
  private final List<String> notes = new ArrayList<>();
  private String lastFailure = "";

  /**
   * What was found.
   *
   * @param layout the model as it may be batched, or null if calls must run alone
   * @param samples inputs that the model takes, or null if none were found
   * @param maxError the largest difference between a row together and alone, relative
   * @param notes what to tell people
   */
  record Verdict(
      @Nullable Layout layout, @Nullable Samples samples, double maxError, List<String> notes) {}

  Probe(Session session, BatchPolicy policy) {
    this.session = session;
    this.policy = policy;
    this.tolerance = tolerance(session, policy);
  }

  /** By how much answers may differ, relative to the largest element. */
  static double tolerance(Session session, BatchPolicy policy) {
    boolean half = session.precision() == Precision.FP16 || session.precision() == Precision.BF16;
    boolean usual = policy.tolerance == BatchPolicy.USUAL_TOLERANCE;
    return usual ? (half ? 1e-2 : 1e-4) : policy.tolerance;
  }

  /**
   * Tries the model.
   *
   * @throws IllegalArgumentException if the policy does not fit the model, or refuses it
   * @throws IllegalStateException if the session or a sample is closed
   */
  Verdict run() {
    LengthAxis axis = LengthAxis.of(session.signature(), policy);
    String obstacle = Layout.obstacle(session.signature());
    if (obstacle != null) {
      return alone(obstacle, null);
    }
    axis.requirePadded(session.signature());
    Layout layout = Layout.of(session.signature(), axis);
    Samples samples = usableSamples(layout);
    if (samples == null) {
      return alone(
          policy.samples.isEmpty()
              ? "it takes no made-up inputs (" + lastFailure + "); give BatchPolicy.samples"
              : "it does not take the policy's samples (" + lastFailure + "); give others",
          null);
    }
    return judge(layout, samples);
  }

  private boolean accepts() {
    return policy.interaction == BatchPolicy.Interaction.ACCEPT;
  }

  private @Nullable Samples usableSamples(Layout layout) {
    List<Batch> given = policy.samples;
    for (int[] trial : given.isEmpty() ? TRIALS : new int[][] {TRIALS[0]}) {
      Samples samples = new Samples(session.signature(), layout, given, trial[0], trial[1]);
      try (Batch in = samples.rows(0, 1, LENGTHS[0], false);
          Batch out = session.run(in)) {
        String blind = Difference.withoutNumbers(out);
        if (blind == null || accepts()) {
          return samples;
        }
        lastFailure = "its output '" + blind + "' has no finite number for them";
      } catch (IllegalStateException e) { // other inputs would change nothing
        throw new IllegalStateException(
            "A batcher needs an open session, and samples that stay open until it is: "
                + e.getMessage(),
            e);
      } catch (RuntimeException e) {
        lastFailure = String.valueOf(e.getMessage()).strip();
      }
    }
    return null;
  }

  private Verdict judge(Layout layout, Samples samples) {
    String shapeless = learnShapes(layout, samples);
    if (shapeless != null) {
      return alone(shapeless, samples);
    }
    if (policy.maxTokens < Long.MAX_VALUE && !layout.hasLength()) {
      notes.add(
          "batching: maxTokens counts rows, for no axis of their length is known; name it by"
              + " lengthAxis, or a mask that has it");
    }
    if (areAlike(samples) && !accepts()) {
      return alone("rows that are all alike do not tell; give other BatchPolicy.samples", samples);
    }
    double error;
    try (MemoryPool pool = new MemoryPool(0);
        Padding padding = new Padding(layout.ports())) {
      Trial trial = new Trial(session, layout, new Joiner(layout, pool, padding));
      try {
        error = Math.max(mates(trial, samples, false), mates(trial, samples, true));
      } catch (RuntimeException e) {
        return alone(
            "it does not take " + TOGETHER + " rows at once (" + e.getMessage() + ")", samples);
      }
      if (error > tolerance) {
        String how =
            String.format(Locale.ROOT, "rows change each other's results, by %.1e relative", error);
        if (!accepts()) {
          return alone(how + ", more than the tolerance of " + tolerance, samples);
        }
        notes.add("batching: " + how + ", as the policy accepts");
      }
      Layout padded = layout;
      if (layout.hasLength()) {
        padded = judgePadding(layout, samples, trial, error);
      }
      return new Verdict(padded, samples, error, List.copyOf(notes));
    }
  }

  private Layout judgePadding(Layout layout, Samples samples, Trial trial, double unpadded) {
    if (!layout.outputShapes().canBeCut()) {
      notes.add("batching: only rows of one length, as an output's length follows no simple rule");
      return fixed(layout);
    }
    try {
      double error = padded(trial, samples);
      if (error <= Math.max(tolerance, unpadded)) {
        notes.add(
            error == 0
                ? "batching: padding changes nothing"
                : String.format(
                    Locale.ROOT, "batching: padding changes results by %.1e at most", error));
        return layout;
      }
      notes.add(
          String.format(
              Locale.ROOT,
              "batching: only rows of one length, as padding changes them by %.1e",
              error));
    } catch (RuntimeException e) {
      notes.add("batching: only rows of one length, as it refuses padded ones: " + e.getMessage());
    }
    return fixed(layout);
  }

  /** The error of rows that are padded to one length. */
  private static double padded(Trial trial, Samples samples) {
    try {
      return padded(trial, samples, LENGTHS);
    } catch (RuntimeException e) { // too long for this model?
      return padded(trial, samples, TAKEN_LENGTHS);
    }
  }

  private static double padded(Trial trial, Samples samples, int[] lengths) {
    List<Batch> rows = new ArrayList<>();
    try {
      for (int i = 0; i < lengths.length; i++) {
        rows.add(samples.rows(100 + i, 1, lengths[i], false));
      }
      return trial.error(rows, rows.size());
    } finally {
      rows.forEach(Batch::close);
    }
  }

  private static Layout fixed(Layout layout) {
    Layout fixed = layout.withoutPadding();
    fixed.learn(layout.outputShapes().ofAnyLength());
    return fixed;
  }

  /** Why rows cannot be told apart in the outputs, or null. */
  private @Nullable String learnShapes(Layout layout, Samples samples) {
    int[] rows = {2, 3, 5};
    int[] taken = {TAKEN_LENGTHS[1], TAKEN_LENGTHS[3], TAKEN_LENGTHS[1]};
    int[] lengths = layout.hasLength() ? taken : new int[] {1, 1, 1};
    List<Batch> outputs = new ArrayList<>();
    try {
      for (int i = 0; i < rows.length; i++) {
        try (Batch in = samples.rows(0, rows[i], lengths[i], false)) {
          outputs.add(session.run(in));
        }
      }
      OutputShapes shapes = OutputShapes.learn(outputs, rows, lengths, layout.isRegular());
      layout.learn(shapes);
      return shapes.obstacle(session.signature());
    } catch (RuntimeException e) {
      return "it does not take several rows at once (" + e.getMessage() + ")";
    } finally {
      outputs.forEach(Batch::close);
    }
  }

  /** The error of rows that run together, with loud mates or without. */
  private static double mates(Trial trial, Samples samples, boolean loud) {
    List<Batch> rows = rowsTogether(samples, loud);
    try {
      return trial.error(rows, JUDGED);
    } finally {
      rows.forEach(Batch::close);
    }
  }

  private static List<Batch> rowsTogether(Samples samples, boolean loud) {
    List<Batch> rows = new ArrayList<>();
    try {
      for (int i = 0; i < TOGETHER; i++) {
        rows.add(samples.rows(10 + i, 1, LENGTHS[1], loud && i >= JUDGED));
      }
      return rows;
    } catch (RuntimeException | Error e) {
      rows.forEach(Batch::close);
      throw e;
    }
  }

  /**
   * Whether all rows that run together, and are to show that they do not change each other, are
   * equal.
   */
  private static boolean areAlike(Samples samples) {
    List<Batch> rows = rowsTogether(samples, true);
    try {
      return rows.stream().allMatch(row -> Difference.of(rows.get(0), row) == 0);
    } finally {
      rows.forEach(Batch::close);
    }
  }

  private Verdict alone(String reason, @Nullable Samples samples) {
    if (policy.interaction == BatchPolicy.Interaction.REFUSE) {
      throw new IllegalArgumentException(
          "The policy refuses a model whose rows cannot share batches, and this one is: "
              + reason
              + ". Choose Interaction.RUN_ALONE to run its calls one by one.");
    }
    notes.add("batching: calls run one by one, because " + reason);
    return new Verdict(null, samples, 0, List.copyOf(notes));
  }

  /** Runs rows alone and together, through the joints that real calls go through. */
  private record Trial(Session session, Layout layout, Joiner joiner) {
    /** The largest relative difference among the first {@code judged} rows. */
    double error(List<Batch> rows, int judged) {
      List<BlockingRequest> requests = rows.stream().map(this::request).toList();
      Kind kind = requests.get(0).kind;
      Flight flight = new Flight(kind, Dispatch.FULL, System.nanoTime(), rows.size());
      requests.forEach(request -> request.claim(flight));
      requests.forEach(flight::add);
      try (Batch in = joiner.join(flight.kind, flight.pieces, flight.rows, flight.length);
          Batch out = session.run(in);
          Slices slices = joiner.slices(out, rows.size())) {
        double worst = 0;
        for (int i = 0; i < rows.size(); i++) {
          joiner.deliver(flight, requests.get(i), out, slices, i);
          try (Batch together = requests.get(i).await();
              Batch alone = session.run(rows.get(i))) {
            worst = i < judged ? Math.max(worst, Difference.of(alone, together)) : worst;
          }
        }
        return worst;
      }
    }

    private BlockingRequest request(Batch row) {
      Kind kind = kindOf(row);
      int length = kind.lengthOf(row);
      return new BlockingRequest(
          RequestEvents.NOBODY, kind, row, null, length, 0, RunOptions.DEFAULT, 0);
    }

    private Kind kindOf(Batch row) {
      Kind kind = layout.kindOf(row, List.of());
      if (kind == null) {
        throw new IllegalStateException("Made-up inputs are not rows: " + row);
      }
      return kind;
    }
  }
}
