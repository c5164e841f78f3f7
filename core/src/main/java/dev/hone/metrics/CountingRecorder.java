package dev.hone.metrics;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Counts in stripes, and tells Flight Recorder. */
final class CountingRecorder implements Recorder {
  private static final int MOST_STRIPES = 16;

  private final String name;
  private final Gauges gauges;
  private final LongSupplier clock;
  private final Load load;
  private final Stripe[] stripes;

  CountingRecorder(String name, Capacity capacity, Gauges gauges, LongSupplier clock) {
    this.name = name;
    this.gauges = gauges;
    this.clock = clock;
    this.load = new Load(capacity, clock.getAsLong());
    int processors = Math.min(Runtime.getRuntime().availableProcessors(), MOST_STRIPES / 2);
    this.stripes = new Stripe[2 * Integer.highestOneBit(Math.max(1, 2 * processors - 1))];
    for (int i = 0; i < stripes.length; i++) {
      stripes[i] = new Stripe();
    }
  }

  /** The stripe that this thread prefers, or the next that nobody owns just now. */
  private Stripe own() {
    int at = (int) Thread.currentThread().getId(); // threads of one pool follow each other
    for (int tries = 1; ; tries++, at++) {
      Stripe stripe = stripes[at & (stripes.length - 1)];
      if (stripe.tryOwn()) {
        return stripe;
      }
      if (tries % stripes.length == 0) {
        LockSupport.parkNanos(1_000); // all are owned, so an owner waits for a processor
      }
    }
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
    Stripe stripe = own();
    long[] cells = stripe.cells;
    Cells.add(cells, Cells.position(Stage.VALIDATE), validateNanos);
    Cells.add(cells, Cells.position(Stage.RUN), runNanos);
    Cells.add(cells, Cells.position(Stage.COMPLETE), completeNanos);
    Cells.add(cells, Cells.TOTAL, validateNanos + runNanos + completeNanos);
    cells[Cells.ROWS] += rows;
    addBatch(cells, Dispatch.IDLE, rows, runNanos);
    stripe.disown();
  }

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {
    Stripe stripe = own();
    long[] cells = stripe.cells;
    Cells.add(cells, Cells.position(Stage.VALIDATE), validateNanos);
    Cells.add(cells, Cells.position(Stage.QUEUE), queueNanos);
    Cells.add(cells, Cells.position(Stage.FORM), formNanos);
    Cells.add(cells, Cells.position(Stage.RUN), runNanos);
    Cells.add(cells, Cells.position(Stage.COMPLETE), completeNanos);
    long total = validateNanos + queueNanos + formNanos + runNanos + completeNanos;
    Cells.add(cells, Cells.TOTAL, total);
    cells[Cells.ROWS] += rows;
    stripe.disown();
  }

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    Stripe stripe = own();
    long[] cells = stripe.cells;
    cells[Cells.REAL_TOKENS] += realTokens;
    cells[Cells.PADDED_TOKENS] += paddedTokens;
    addBatch(cells, why, rows, runNanos);
    stripe.disown();
    BatchEvent.emit(name, why, rows, realTokens, paddedTokens, runNanos);
  }

  private static void addBatch(long[] cells, Dispatch why, long rows, long runNanos) {
    cells[Cells.DISPATCHED + Cells.position(why)]++;
    Cells.add(cells, Cells.BATCH_ROWS, rows);
    cells[Cells.BUSY_NANOS] += runNanos;
    cells[Cells.ROWS_SQUARED] += rows * rows;
    cells[Cells.ROW_NANOS] += rows * runNanos;
  }

  @Override
  public void failed(ErrorKind kind) {
    increment(Cells.FAILED + Cells.position(kind));
  }

  @Override
  public void rejected(Rejection why) {
    increment(Cells.REJECTED + Cells.position(why));
    OverloadEvent.emit(name, why, gauges);
  }

  @Override
  public void expired() {
    increment(Cells.EXPIRED);
  }

  @Override
  public void cancelled() {
    increment(Cells.CANCELLED);
  }

  @Override
  public void late() {
    increment(Cells.LATE);
  }

  private void increment(int cell) {
    Stripe stripe = own();
    stripe.cells[cell]++;
    stripe.disown();
  }

  @Override
  public SessionStats snapshot() {
    long[] cells = new long[Cells.COUNT];
    for (Stripe stripe : stripes) {
      while (!stripe.tryOwn()) {
        Thread.onSpinWait();
      }
      for (int i = 0; i < cells.length; i++) {
        cells[i] += stripe.cells[i];
      }
      stripe.disown();
    }
    return stats(cells, load.observe(clock.getAsLong(), cells, gauges));
  }

  private static SessionStats stats(long[] cells, SessionStats.Moment moment) {
    Map<Stage, Distribution> stages = new EnumMap<>(Stage.class);
    for (Stage stage : Stage.values()) {
      stages.put(stage, Cells.distribution(cells, Cells.position(stage)));
    }
    Distribution total = Cells.distribution(cells, Cells.TOTAL);
    Map<ErrorKind, Long> failures = counts(ErrorKind.class, cells, Cells.FAILED);
    Map<Rejection, Long> rejections = counts(Rejection.class, cells, Cells.REJECTED);
    Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
    outcomes.put(Outcome.ANSWERED, total.count());
    outcomes.put(Outcome.FAILED, failures.values().stream().mapToLong(n -> n).sum());
    outcomes.put(Outcome.REJECTED, rejections.values().stream().mapToLong(n -> n).sum());
    outcomes.put(Outcome.EXPIRED, cells[Cells.EXPIRED]);
    outcomes.put(Outcome.CANCELLED, cells[Cells.CANCELLED]);
    SessionStats.Batches batches =
        new SessionStats.Batches(
            counts(Dispatch.class, cells, Cells.DISPATCHED),
            Cells.distribution(cells, Cells.BATCH_ROWS),
            cells[Cells.REAL_TOKENS],
            cells[Cells.PADDED_TOKENS],
            cells[Cells.BUSY_NANOS]);
    return new SessionStats(
        outcomes,
        total,
        stages,
        cells[Cells.ROWS],
        cells[Cells.LATE],
        failures,
        rejections,
        batches,
        moment);
  }

  private static <E extends Enum<E>> Map<E, Long> counts(Class<E> type, long[] cells, int start) {
    Map<E, Long> counts = new EnumMap<>(type);
    for (E constant : type.getEnumConstants()) {
      counts.put(constant, cells[start + Cells.position(constant)]);
    }
    return counts;
  }
}
