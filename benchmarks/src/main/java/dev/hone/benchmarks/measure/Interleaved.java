package dev.hone.benchmarks.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Measures rivals in turns, so that what changes on the machine meanwhile (frequency, heat,
 * neighbours) hits all of them alike and cancels out of their ratios.
 *
 * <p>A round gives each rival two turns, there and back: A B C, C B A. Whatever drifts evenly
 * through the round adds the same to each pair. Where turns are long and the effort is small, a
 * round is one turn of each, every second round goes back, and what drifts adds to one round what
 * it takes from the next. A turn repeats the work until the effort's slice of time is filled; how
 * often that is, is found while warming up and then stays.
 */
public final class Interleaved {
  private static final int MOST_TIMES = 1 << 28;
  private static final double MOST_GROWTH = 8;

  private final Effort effort;
  private final LongSupplier nanoTime;
  private final List<Seat> seats = new ArrayList<>();
  private final Samples samples = new Samples();

  private Interleaved(Effort effort, LongSupplier nanoTime) {
    this.effort = effort;
    this.nanoTime = nanoTime;
  }

  /**
   * Opens, measures and closes the rivals. One that does not open, throws, or has a wrong output in
   * the end is left out and named in {@link Samples#failures}; the others go on.
   */
  public static Samples measure(List<Entrant> entrants, Effort effort) {
    return measure(entrants, effort, System::nanoTime);
  }

  /** The same by another clock, for example one that other programs do not disturb. */
  public static Samples measure(List<Entrant> entrants, Effort effort, LongSupplier nanoTime) {
    return new Interleaved(effort, nanoTime).run(entrants);
  }

  private Samples run(List<Entrant> entrants) {
    List<Seat> all = entrants.stream().map(Seat::new).toList();
    seats.addAll(all);
    try {
      forEach(Seat::open);
      forEach(Seat::warmUp);
      double turn = seats.stream().mapToLong(seat -> seat.turnNanos).average().orElse(0);
      int rounds = effort.rounds(turn);
      boolean pairs = effort.pairs(turn);
      for (int round = 0; round < rounds; round++) {
        forEach(pairs ? Seat::firstTurn : Seat::onlyTurn);
        Collections.reverse(seats);
        if (pairs) {
          forEach(Seat::secondTurn);
          Collections.reverse(seats);
        }
      }
      forEach(seat -> seat.rival.check());
      seats.forEach(seat -> samples.put(seat.entrant.name(), seat.nanos));
    } finally {
      all.forEach(seat -> seat.rival.close());
    }
    return samples;
  }

  private interface Step {
    void with(Seat seat) throws Exception;
  }

  @SuppressWarnings("CatchAndPrintStackTrace") // it goes to the log of this process
  private void forEach(Step step) {
    for (Seat seat : List.copyOf(seats)) {
      try {
        step.with(seat);
      } catch (Exception | LinkageError | AssertionError e) {
        e.printStackTrace();
        seats.remove(seat);
        samples.fail(seat.entrant.name(), Failure.words(e));
      }
    }
  }

  private final class Seat {
    private final Entrant entrant;
    private final List<Double> nanos = new ArrayList<>();
    private Rival rival = () -> {};
    private int times = 1;
    private long turnNanos;

    Seat(Entrant entrant) {
      this.entrant = entrant;
    }

    void open() throws Exception {
      rival = entrant.opener().open();
    }

    void warmUp() throws Exception {
      long slice = effort.sliceMillis() * 1_000_000;
      long end = nanoTime.getAsLong() + effort.warmUpMillis() * 1_000_000;
      while (true) {
        turnNanos = work();
        if (turnNanos < slice) {
          double growth = Math.min(1.05 * slice / Math.max(1, turnNanos), MOST_GROWTH);
          times = (int) Math.min(MOST_TIMES, Math.ceil(times * growth));
        } else if (nanoTime.getAsLong() >= end) {
          return;
        }
      }
    }

    void onlyTurn() throws Exception {
      nanos.add((double) work() / times);
    }

    void firstTurn() throws Exception {
      turnNanos = work();
    }

    void secondTurn() throws Exception {
      nanos.add((turnNanos + work()) / 2.0 / times);
    }

    private long work() throws Exception {
      rival.beforeTurn();
      long start = nanoTime.getAsLong();
      for (int i = 0; i < times; i++) {
        rival.once();
      }
      long nanos = nanoTime.getAsLong() - start;
      rival.afterTurn();
      return nanos;
    }
  }
}
