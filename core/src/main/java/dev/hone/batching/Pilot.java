package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.Session;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Recorder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/*
 * When a batch fails, who is to blame?
 *
 * Halve it and run the halves: a half that succeeds is answered, one that fails is halved again.
 * One bad request among n is found with 2 log2 n extra runs; that, plus one, is the budget. Where
 * it does not suffice there are many bad requests, or everything fails, and what is left runs
 * one by one, as it would have done without a batcher. So no innocent ever fails, and the worst case
 * is less than twice the work of not batching.
 *
 * Out of memory is nobody's fault: it is halved without a budget, down to single rows, and the
 * limits learn from it.
 */

/** Runs flights: joins, runs, delivers, and finds out who is to blame if that fails. */
final class Pilot {
  private final Sessions sessions;
  private final LongSupplier callsUnderWay;
  private final Joiner joiner;
  private final Recorder recorder;
  private final Reports reports;

  /** What the queue wants to know of a flight. */
  interface Reports {
    /** It ran, as one batch. */
    void ran(Flight flight);

    /** So many tokens were too many for the memory. */
    void memoryFailed(long tokens);
  }

  /**
   * A pilot.
   *
   * @param callsUnderWay how many calls the batcher has under way, waiting ones too
   */
  Pilot(
      Sessions sessions,
      LongSupplier callsUnderWay,
      Joiner joiner,
      Recorder recorder,
      Reports reports) {
    this.sessions = sessions;
    this.callsUnderWay = callsUnderWay;
    this.joiner = joiner;
    this.recorder = recorder;
    this.reports = reports;
  }

  /** Runs a flight. Whatever happens, each of its requests ends or has pieces elsewhere. */
  void fly(Flight flight) {
    List<Piece> pieces = flight.pieces;
    flight.onLone = hasNoCompany(pieces);
    try {
      Throwable failure = run(flight, pieces, flight.why);
      if (failure == null) {
        reports.ran(flight);
      } else {
        isolate(flight, failure);
      }
    } catch (Throwable e) { // whatever it is, they end
      pieces.forEach(piece -> piece.request().settle(e));
    } finally {
      pieces.forEach(piece -> piece.request().endUse());
      flight.tell(); // last: whoever is woken may be let run in place of this thread
    }
  }

  /** Whether these are all calls there are, as far as there is a session for such. */
  private boolean hasNoCompany(List<Piece> pieces) {
    if (sessions.lone() == null) {
      return false; // and nobody wants to know
    }
    long size = 0;
    for (int i = 0; i < pieces.size(); i++) {
      if (!pieces.get(i).isWhole()) {
        return false; // its other parts may run beside it
      }
      size += Sessions.sizeOf(pieces.get(i).request().in);
    }
    return sessions.isForLone(pieces.size(), size, callsUnderWay);
  }

  private Session sessionOf(Flight flight) {
    return sessions.of(flight.onLone);
  }

  /** Runs pieces as one batch and answers them; or says why that failed, and answers nobody. */
  private @Nullable Throwable run(Flight flight, List<Piece> pieces, Dispatch why) {
    try {
      Size size = Size.of(pieces);
      Piece first = pieces.get(0);
      boolean written = first.request().out() != null && !flight.kind.runsAlone();
      if (pieces.size() == 1 && first.isWhole() && !written) {
        Batch results = runWhole(flight, first.request());
        ran(flight, size, why);
        answer(flight, first, results);
      } else {
        runJoined(flight, pieces, size, why);
      }
      return null;
    } catch (Throwable e) { // also what no method declares, as languages without that rule throw it
      return e;
    }
  }

  /** How much pieces are together: rows, and tokens before and after padding. */
  private record Size(int rows, int length, long realTokens) {
    static Size of(List<Piece> pieces) {
      Request first = pieces.get(0).request();
      if (first.kind.runsAlone()) {
        int rows = (int) Math.min(Integer.MAX_VALUE, Kind.countedRows(first.in));
        return new Size(rows, 1, rows);
      }
      int rows = 0;
      int length = 0;
      long real = 0;
      for (Piece piece : pieces) {
        rows += piece.rows();
        length = Math.max(length, piece.request().length);
        real += (long) piece.rows() * piece.request().length;
      }
      return new Size(rows, length, real);
    }

    long tokens() {
      return (long) rows * length;
    }
  }

  private void ran(Flight flight, Size size, Dispatch why) {
    flight.runEndNanos = System.nanoTime();
    recorder.batch(why, size.rows(), size.realTokens(), size.tokens(), flight.runNanos());
  }

  /** Runs one call by itself; the session's results become the caller's. */
  private Batch runWhole(Flight flight, Request request) {
    Session session = sessionOf(flight);
    Batch out = request.out();
    if (out != null) {
      flight.runBeginNanos = System.nanoTime();
      session.run(request.in, out, flight.optionsForTargets());
      return out;
    }
    if (request.isAwaited() || flight.kind.runsAlone()) { // its inputs stay open
      flight.runBeginNanos = System.nanoTime();
      return session.run(request.in, flight.options());
    }
    try (Batch in = joiner.join(flight.kind, List.of(request), request.rows, request.length)) {
      flight.runBeginNanos = System.nanoTime();
      return session.run(in, flight.options());
    }
  }

  private static void answer(Flight flight, Piece piece, Batch results) {
    if (piece.request().beginDelivery()) {
      piece.request().endDelivery(flight, piece.rows(), results);
    } else if (results != piece.request().out()) {
      results.close();
    }
  }

  private void runJoined(Flight flight, List<Piece> pieces, Size size, Dispatch why) {
    try (Batch in = joiner.join(flight.kind, pieces, size.rows(), size.length());
        Batch results = runJoined(flight, in, size);
        Slices slices = joiner.slices(results, pieces.size())) {
      ran(flight, size, why);
      requireRows(results, size.rows());
      int at = 0;
      for (Piece piece : pieces) {
        joiner.deliver(flight, piece, results, slices, at);
        at += piece.rows();
      }
    }
  }

  private Batch runJoined(Flight flight, Batch in, Size size) {
    Batch targets = joiner.targets(flight.kind, size.rows(), size.length());
    flight.runBeginNanos = System.nanoTime();
    if (targets == null) {
      return sessionOf(flight).run(in, flight.options());
    }
    try {
      sessionOf(flight).run(in, targets, flight.optionsForTargets());
      return targets;
    } catch (RuntimeException | Error e) {
      targets.close();
      throw e;
    }
  }

  private static void requireRows(Batch results, int rows) {
    for (int i = 0; i < results.size(); i++) {
      if (results.tensor(i).shape().rank() == 0 || results.tensor(i).shape().rows() != rows) {
        throw new HoneException(
            "A batch of "
                + rows
                + " rows must give as many rows of results, but the output '"
                + results.name(i)
                + "' is "
                + results.tensor(i)
                + ". Do not batch this model.");
      }
    }
  }

  private void isolate(Flight flight, Throwable failure) {
    List<Piece> pieces = flight.pieces;
    int budget = 2 * log2(pieces.size()) + 1;
    Deque<List<Piece>> suspects = new ArrayDeque<>();
    List<Piece> live = live(pieces);
    if (live.size() == pieces.size()) {
      split(live, failure, suspects, budget > 0);
    } else { // whoever ended meanwhile may have been to blame
      suspects.push(live);
    }
    while (!suspects.isEmpty()) {
      List<Piece> some = live(suspects.pop());
      if (some.isEmpty()) {
        continue;
      }
      budget--;
      Throwable again = run(flight, some, Dispatch.RETRY);
      flight.tell();
      if (again != null) {
        split(some, again, suspects, budget > 0);
      }
    }
  }

  /** Makes smaller suspects of those that failed together, or blames the only one. */
  private void split(
      List<Piece> failed, Throwable failure, Deque<List<Piece>> suspects, boolean halve) {
    boolean batch = !failed.get(0).request().kind.runsAlone();
    boolean memory = batch && failure instanceof OutOfMemoryException;
    if (memory) {
      reports.memoryFailed(Size.of(failed).tokens());
    }
    if (failed.size() == 1) {
      Piece only = failed.get(0);
      if (memory && only.rows() > 1) {
        int half = only.rows() / 2;
        suspects.push(List.of(Piece.of(only.request(), only.from() + half, only.rows() - half)));
        suspects.push(List.of(Piece.of(only.request(), only.from(), half)));
      } else {
        only.request().settle(failure);
      }
    } else if (halve || memory) {
      suspects.push(failed.subList(failed.size() / 2, failed.size()));
      suspects.push(failed.subList(0, failed.size() / 2));
    } else {
      failed.forEach(piece -> suspects.push(List.of(piece)));
    }
  }

  private static List<Piece> live(List<Piece> pieces) {
    return pieces.stream().filter(piece -> piece.request().isLive()).toList();
  }

  private static int log2(int n) {
    return n <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(n - 1);
  }
}
