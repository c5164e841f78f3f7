package dev.hone.batching;

import dev.hone.Cancellation;
import dev.hone.RunOptions;
import dev.hone.metrics.Dispatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Pieces that run as one batch. Stops the run when nobody waits for it any more: {@code live}
 * counts the requests aboard that have not ended early, and one more while the flight is being
 * formed.
 */
final class Flight {
  final Kind kind;
  final long formedNanos;
  Dispatch why;
  long runBeginNanos; // of the last run, if there were several
  long runEndNanos;
  final List<Piece> pieces;
  final Wakes wakes = new Wakes();
  private @Nullable Answers answers; // not told yet
  final Cancellation cancellation = new Cancellation();
  boolean onLone; // runs on the lone one of the Sessions
  int rows;
  int length;
  long predictedNanos;
  private boolean stoppable;
  private final AtomicInteger live = new AtomicInteger(1);

  /**
   * An empty flight.
   *
   * @param expected how many pieces it will probably have
   */
  Flight(Kind kind, Dispatch why, long formedNanos, int expected) {
    this.pieces = new ArrayList<>(expected);
    this.kind = kind;
    this.why = why;
    this.formedNanos = formedNanos;
  }

  /** How long its last run took. */
  long runNanos() {
    return runEndNanos - runBeginNanos;
  }

  /** Adds a piece that was claimed for this flight; where this fails, it was not added. */
  void add(Piece piece) {
    Request request = piece.request();
    answersOf(request); // made now, for later there is no way back
    pieces.add(piece);
    rows += piece.rows();
    length = Math.max(length, request.length);
    stoppable |= request.canStop();
  }

  boolean carries(Request request) {
    for (Piece piece : pieces) {
      if (piece.request() == request) {
        return true;
      }
    }
    return false;
  }

  /** Counts a request in, before it is claimed. */
  void board() {
    live.incrementAndGet();
  }

  /** A request ended while it was in this flight, or could not be claimed for it. */
  void abandonedByOne() {
    if (live.decrementAndGet() == 0) {
      cancellation.cancel();
    }
  }

  /** Adds a request that is about to be answered and nobody blocks for. */
  void addAnswered(AsyncRequest request) {
    answersOf(request).add(request);
  }

  private Answers answersOf(Request request) {
    Answers known = answers;
    if (known == null) {
      known = new Answers(request.events);
      answers = known;
    }
    return known;
  }

  /** Tells the callers of those that were answered so far. */
  void tell() {
    wakes.end();
    Answers told = answers;
    answers = null;
    if (told != null) {
      told.tell();
    }
  }

  /** Nobody boards any more. */
  void seal(long predictedNanos) {
    this.predictedNanos = predictedNanos;
    abandonedByOne();
  }

  /** For a run that makes its outputs. */
  RunOptions options() {
    return stoppable ? kind.options.withCancellation(cancellation) : kind.options;
  }

  /** For a run into tensors, which say by themselves what outputs they are. */
  RunOptions optionsForTargets() {
    return stoppable ? RunOptions.DEFAULT.withCancellation(cancellation) : RunOptions.DEFAULT;
  }
}
