package dev.hone.batching;

import dev.hone.metrics.Dispatch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Which of the waiting requests run together?
 *
 * The request that must be served next, by priority, fairness and age, is the anchor: it is in the
 * batch whatever else is, so that nobody starves: a request is passed only by batches of anchors
 * that were before it. What others in its batch cost is held against their tenants, within bounds
 * (Level), and does not decide where newcomers begin. The oldest of such a tenant, where it fits no
 * anchor's batch, has a turn of its own after a while (TenantQueue).
 *
 * Rows of one length: as many as make a row cheapest, in their order.
 *
 * Rows of many lengths: those of like length, see LengthRuns.
 *
 * A batch that would take all that waits while another lane is free, or soon will be, leaves that
 * lane a part, if all of them are done clearly sooner then. When there is always more to do it
 * never comes to that.
 *
 * A prediction that says "no gain" must lead to small batches, not to large ones by chance: T is
 * weighed up by two percent for each doubling of the rows (CostModel.weigh). Now and then it is
 * weighed down, so that larger sizes are tried, up to twice the best: if they gain nothing, little
 * is lost, and nobody waits long.
 */

/** Forms the next flight out of what waits. Not thread-safe: guarded by the forming lock. */
final class BatchFormer {
  private static final int MOST_SORTED = 128;

  /** From what a row takes it pays to sort that many: cutting takes a fraction of it for each. */
  private static final long WORTH_SORTING_NANOS = 50_000;

  /** How many times of the least a row may cost, so that calls of other tenants wait less. */
  private static final double FOR_TENANTS = 1.08;

  /** The same where the oldest is of a tenant that asks for far less than others. */
  private static final double FOR_LIGHT = 1.25;

  private final WaitingRoom room;
  private final CostModel costs;
  private final Limits limits;
  private final Admission admission;
  private final long tellingNanos;
  private final List<Request> window = new ArrayList<>();
  private final List<Request> fillers = new ArrayList<>();
  private final LengthRuns runs;
  private int formed;
  private long otherLaneNanos = Long.MAX_VALUE;
  private boolean isLight; // whether the anchor is of a tenant that asks for far less than others
  private boolean hasSeveralTenants; // whether others than the anchor's tenant call
  private int available; // rows in the window
  private boolean isAll; // whether the window holds all that waits of its kind

  /**
   * A former.
   *
   * @param tellingNanos what leaving a part to another lane must gain
   */
  BatchFormer(
      WaitingRoom room, CostModel costs, Limits limits, Admission admission, long tellingNanos) {
    this.tellingNanos = tellingNanos;
    this.room = room;
    this.costs = costs;
    this.runs = new LengthRuns(costs, MOST_SORTED);
    this.limits = limits;
    this.admission = admission;
  }

  /**
   * The next flight, its requests claimed; null if nothing waits.
   *
   * @param why why it runs now, unless that is because it is full
   * @param otherLaneNanos how long until another lane is free, or the largest number if none may
   *     help
   */
  @Nullable Flight form(Dispatch why, long nowNanos, long otherLaneNanos) {
    this.otherLaneNanos = otherLaneNanos;
    Request anchor = room.first();
    while (anchor != null) {
      Flight flight = form(anchor, why, nowNanos);
      if (!flight.pieces.isEmpty()) {
        return flight;
      }
      anchor = room.first(); // all of them ended in this moment
    }
    return null;
  }

  private Flight form(Request anchor, Dispatch why, long nowNanos) {
    int expected = Math.min(room.size(), limits.maxRows);
    Flight flight = new Flight(anchor.kind, why, nowNanos, expected);
    try {
      room.serve(anchor);
      isLight = room.asksForLess(anchor);
      hasSeveralTenants = room.hasSeveralTenants(nowNanos);
      costs.setTrying(CostModel.Trying.in(++formed, !isLight));
      try {
        gather(flight, anchor, nowNanos);
      } finally {
        costs.setTrying(CostModel.Trying.NOTHING);
      }
      double nanos = flight.rows == 0 ? 0 : predict(flight);
      for (Piece piece : flight.pieces) {
        room.charge(piece.request(), nanos * piece.rows() / flight.rows, anchor);
        leaveIfTaken(piece.request());
      }
      flight.seal((long) nanos);
      return flight;
    } catch (RuntimeException | Error e) { // no memory for a list, say: what was claimed must end
      for (Piece piece : flight.pieces) {
        piece.request().settle(e);
        piece.request().endUse();
      }
      throw e;
    }
  }

  private double predict(Flight flight) {
    return flight.kind.runsAlone()
        ? (double) flight.pieces.get(0).request().costNanos // its rows are not counted here
        : costs.predict(flight.rows, flight.length);
  }

  private void gather(Flight flight, Request anchor, long nowNanos) {
    if (anchor.kind.runsAlone()) {
      take(flight, anchor, anchor.rows);
      return;
    }
    int most = limits.maxRows(anchor.kind, anchor.length);
    if (anchor.remainingRows() >= most) {
      take(flight, anchor, most);
    } else if (anchor.kind.hasLength) {
      int enough = sorted(anchor);
      room.window(anchor, enough, window);
      isAll = window.size() < enough;
      takeByLength(flight, anchor, maxNanos(anchor, nowNanos));
      fill(flight, anchor);
    } else {
      room.window(anchor, most, window);
      isAll = window.size() < most;
      takeInOrder(flight, anchor, most, maxNanos(anchor, nowNanos));
      fill(flight, anchor);
    }
    if (flight.rows >= limits.maxRows(anchor.kind, flight.length)) {
      flight.why = Dispatch.FULL;
    }
  }

  /**
   * How many of those that wait are sorted by length: the more, the less padding. For a light
   * tenant only as many as one batch has: those of other lengths would wait for batches of their
   * own.
   */
  private int sorted(Request anchor) {
    if (isLight) {
      return Math.min(MOST_SORTED, mostRows(anchor, anchor.length));
    }
    boolean pays = costs.rowNanos(anchor.length) > WORTH_SORTING_NANOS;
    return pays ? MOST_SORTED : Math.min(MOST_SORTED, 2 * limits.maxRows);
  }

  /** How long the batch may take: the latency target's limit, and what the anchor has left. */
  private double maxNanos(Request anchor, long nowNanos) {
    double most = limits.maxNanos();
    double alone = costs.predict(anchor.remainingRows(), anchor.length);
    if (limits.hasLatencyTarget()) {
      most = within(most, (double) limits.nanosToTarget(anchor, nowNanos), alone);
    }
    if (anchor.hasDeadline()) {
      most = within(most, (double) (anchor.deadlineNanos() - nowNanos), alone);
    }
    return most;
  }

  private static double within(double most, double left, double alone) {
    return left > alone ? Math.min(most, left) : most; // else it is late in any batch
  }

  private void takeInOrder(Flight flight, Request anchor, int most, double maxNanos) {
    available = 0;
    for (Request request : window) {
      available += fits(request, available, most) ? request.remainingRows() : 0;
    }
    int wanted = Math.max(anchor.remainingRows(), costs.bestRows(available, anchor.length));
    while (wanted > anchor.remainingRows() && costs.predict(wanted, anchor.length) > maxNanos) {
      wanted = Math.max(anchor.remainingRows(), wanted / 2);
    }
    wanted = Math.max(anchor.remainingRows(), Math.min(wanted, mostRows(anchor, anchor.length)));
    if (wanted >= available && isAll) {
      wanted = Math.max(anchor.remainingRows(), ownPart(available, anchor.length));
    }
    for (Request request : window) {
      if (flight.rows >= wanted) {
        return;
      }
      if (fits(request, flight.rows, wanted)) {
        take(flight, request, request.remainingRows());
      }
    }
  }

  private static boolean fits(Request request, int taken, int most) {
    return taken + request.remainingRows() <= most;
  }

  private void takeByLength(Flight flight, Request anchor, double maxNanos) {
    window.removeIf(r -> r != anchor && r.remainingRows() >= limits.maxRows(r.kind, r.length));
    available = 0;
    for (Request request : window) {
      available += request.remainingRows();
    }
    runs.cut(window, anchor, length -> mostRows(anchor, length), maxNanos);
    int anchorAt = window.indexOf(anchor);
    int begin = runs.begin();
    int end = runs.end();
    if (begin == 0 && end == window.size() && isAll) {
      int rows = available;
      int most = ownPart(rows, window.get(end - 1).length);
      boolean fromFront = anchorAt < end / 2;
      while (rows > most && end - begin > 1) { // what stays is of like length, too
        boolean last = end - 1 > anchorAt && (fromFront || begin == anchorAt);
        rows -= window.get(last ? --end : begin++).remainingRows();
      }
    }
    for (int i = begin; i < end; i++) {
      Request request = window.get(i);
      take(flight, request, request.remainingRows());
    }
  }

  /**
   * How many rows, of all that wait, are for this batch, so that they and those that are left to
   * the other lane are all done soonest.
   */
  private int ownPart(int rows, int length) {
    if (otherLaneNanos == Long.MAX_VALUE) {
      return rows;
    }
    double whole = costs.predict(rows, length);
    if (otherLaneNanos >= whole) {
      return rows;
    }
    for (int own = (rows + 1) / 2; own < rows; own++) {
      double mine = costs.predict(own, length);
      if (whole - mine < tellingNanos) {
        break;
      }
      if (mine >= otherLaneNanos + costs.predict(rows - own, length)) {
        return own;
      }
    }
    return rows;
  }

  /**
   * How many rows of this length a batch may have. Between tenants none that cost as much in the
   * next one: a light tenant waits for the batches of heavy ones, and most of all for its own.
   */
  private int mostRows(Request anchor, int length) {
    int sensible =
        hasSeveralTenants
            ? costs.enoughRows(length, isLight ? FOR_LIGHT : FOR_TENANTS)
            : costs.mostToWeigh(available, length);
    return Math.min(limits.maxRows(anchor.kind, length), sensible);
  }

  /**
   * Room that is left goes to lower priorities, as long as that costs this batch hardly anything.
   */
  private void fill(Flight flight, Request anchor) {
    int most = limits.maxRows(anchor.kind, flight.length);
    if (flight.rows == 0 || flight.rows >= most) {
      return;
    }
    room.fillers(anchor, flight.length, most - flight.rows, fillers);
    double bearable = 1.05 * costs.predict(flight.rows, flight.length);
    for (Request request : fillers) {
      int rows = flight.rows + request.remainingRows();
      if (rows <= most && costs.predict(rows, flight.length) <= bearable) {
        take(flight, request, request.remainingRows());
      }
    }
  }

  private void take(Flight flight, Request request, int rows) {
    flight.board();
    if (!request.claim(flight)) {
      flight.abandonedByOne();
      room.discard(request);
      return;
    }
    request.addUse();
    int from = request.takenRows;
    request.takenRows += rows; // by this the room knows later what it has to let go
    try {
      flight.add(Piece.of(request, from, rows));
    } catch (RuntimeException | Error e) { // no memory, say
      request.settle(e);
      request.endUse();
      throw e;
    }
  }

  private void leaveIfTaken(Request request) {
    if (request.takenRows == request.rows) {
      room.remove(request);
      admission.left(request);
      request.endUse();
    }
  }
}
