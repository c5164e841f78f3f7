package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.Signature;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Examples of inputs in two parts that share no row: one to learn from, one to check on.
 *
 * <p>The batches are borrowed from whoever made them, and each is used until the next one is asked
 * for. Only the halves of divided batches are copies, which {@link #close} closes.
 */
public final class Examples implements AutoCloseable {
  private static final int ONE_IN = 4;

  private final Iterable<Batch> learn;
  private final Iterable<Batch> check;
  private final long learnRows;
  private final long checkRows;
  private final List<Batch> owned;
  private final boolean same;

  private Examples(
      Iterable<Batch> learn,
      long learnRows,
      Iterable<Batch> check,
      long checkRows,
      List<Batch> owned,
      boolean same) {
    this.same = same;
    this.learn = learn;
    this.check = check;
    this.learnRows = learnRows;
    this.checkRows = checkRows;
    this.owned = owned;
  }

  /** Examples that were divided by who brought them, and the rows of each part. */
  public static Examples of(
      Iterable<Batch> learn, long learnRows, Iterable<Batch> check, long checkRows) {
    return new Examples(learn, learnRows, check, checkRows, List.of(), false);
  }

  /**
   * Divides examples: every fourth batch is kept to check on, or, of fewer than four batches, the
   * last quarter of the rows of each. What cannot be divided, because it has one row, or the model
   * wants a fixed number of them, is there to learn from, but for the last of several; a single one
   * is there for both.
   *
   * @param rows the rows of each batch, in order
   * @param signature that of the model which takes them
   */
  public static Examples divide(Iterable<Batch> all, List<Long> rows, Signature signature) {
    if (rows.size() < ONE_IN) {
      return divideRows(all, signature.inputs().stream().allMatch(Examples::takesAnyRows));
    }
    IntPredicate kept = index -> index % ONE_IN == ONE_IN - 1;
    long learnRows = 0;
    long checkRows = 0;
    for (int i = 0; i < rows.size(); i++) {
      checkRows += kept.test(i) ? rows.get(i) : 0;
      learnRows += kept.test(i) ? 0 : rows.get(i);
    }
    return new Examples(
        () -> new Selection(all.iterator(), kept.negate()),
        learnRows,
        () -> new Selection(all.iterator(), kept),
        checkRows,
        List.of(),
        false);
  }

  private static boolean takesAnyRows(Signature.Value input) {
    List<Signature.Dimension> dimensions = input.dimensions();
    return dimensions == null || dimensions.isEmpty() || dimensions.get(0).length().isEmpty();
  }

  private static Examples divideRows(Iterable<Batch> all, boolean divisible) {
    List<Batch> learn = new ArrayList<>();
    List<Batch> check = new ArrayList<>();
    List<Batch> owned = new ArrayList<>();
    try {
      for (Batch batch : all) {
        long rows = rowsOf(batch);
        long kept = rows < 2 || !divisible ? 0 : Math.max(1, rows / ONE_IN);
        if (kept == 0) {
          learn.add(batch);
        } else {
          owned.addAll(batch.split(rows - kept, kept));
          learn.add(owned.get(owned.size() - 2));
          check.add(owned.get(owned.size() - 1));
        }
      }
    } catch (RuntimeException | Error e) {
      owned.forEach(Batch::close);
      throw e;
    }
    if (check.isEmpty() && learn.size() > 1) {
      check.add(learn.remove(learn.size() - 1));
    }
    boolean same = check.isEmpty();
    return new Examples(
        learn, rowsOf(learn), same ? learn : check, rowsOf(same ? learn : check), owned, same);
  }

  private static long rowsOf(List<Batch> batches) {
    return batches.stream().mapToLong(Examples::rowsOf).sum();
  }

  /** The rows of a batch; 1 if it cannot be divided. */
  public static long rowsOf(Batch batch) {
    return isDivisible(batch) ? batch.rows() : 1;
  }

  /** Whether all tensors of a batch have rows, and as many of them. */
  public static boolean isDivisible(Batch batch) {
    boolean divisible = batch.size() > 0;
    for (int i = 0; i < batch.size(); i++) {
      divisible &=
          batch.tensor(i).shape().rank() > 0
              && batch.tensor(i).shape().rows() == batch.tensor(0).shape().rows();
    }
    return divisible;
  }

  /** The batches to learn from. */
  public Iterable<Batch> learn() {
    return learn;
  }

  /** The batches to check on. */
  public Iterable<Batch> check() {
    return check;
  }

  /** The rows of {@link #learn}. */
  public long learnRows() {
    return learnRows;
  }

  /** The rows of {@link #check}. */
  public long checkRows() {
    return checkRows;
  }

  /** Whether the batches to check on are those to learn from, for want of others. */
  public boolean areTheSame() {
    return same;
  }

  @Override
  public void close() {
    owned.forEach(Batch::close);
  }

  /** Some batches of many. */
  private static final class Selection implements Iterator<Batch> {
    private final Iterator<Batch> all;
    private final IntPredicate wanted;
    private int index;
    private @Nullable Batch next;

    Selection(Iterator<Batch> all, IntPredicate wanted) {
      this.all = all;
      this.wanted = wanted;
    }

    @Override
    public boolean hasNext() {
      while (next == null && all.hasNext()) {
        Batch batch = all.next();
        next = wanted.test(index++) ? batch : null;
      }
      return next != null;
    }

    @Override
    public Batch next() {
      Batch found = hasNext() ? next : null;
      if (found == null) {
        throw new NoSuchElementException();
      }
      next = null;
      return found;
    }
  }
}
