package dev.hone;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Named tensors that go into a session or come out of one. The first dimension of each counts rows.
 *
 * <p>A batch owns its tensors: closing it, any number of times, closes them. Its names and tensors
 * never change, so it is as safe to share between threads as its tensors are.
 *
 * <p>The {@code of} methods refuse a name that occurs twice, and a name or tensor that is null,
 * with an {@link IllegalArgumentException}; who gave the tensors still owns them then.
 */
public final class Batch implements AutoCloseable {
  private final String[] names;
  private final Tensor[] tensors;

  private Batch(String[] names, Tensor[] tensors) {
    this.names = names;
    this.tensors = tensors;
  }

  private static Batch checked(String[] names, Tensor[] tensors) {
    for (int i = 0; i < names.length; i++) {
      if (names[i] == null || tensors[i] == null) {
        throw new IllegalArgumentException(
            "A batch needs a name and a tensor at each place, but has '"
                + names[i]
                + "' with "
                + tensors[i]
                + ". Leave the tensor out instead.");
      }
      if (indexOf(names, names[i]) != i) {
        throw new IllegalArgumentException(
            "Each tensor of a batch needs a name of its own, but '"
                + names[i]
                + "' occurs twice in "
                + Arrays.toString(names)
                + ".");
      }
    }
    return new Batch(names, tensors);
  }

  /** A batch of one tensor. */
  public static Batch of(String name, Tensor tensor) {
    return checked(new String[] {name}, new Tensor[] {tensor});
  }

  /** A batch of two tensors. */
  public static Batch of(String name1, Tensor tensor1, String name2, Tensor tensor2) {
    return checked(new String[] {name1, name2}, new Tensor[] {tensor1, tensor2});
  }

  /** A batch of three tensors. */
  public static Batch of(
      String name1, Tensor tensor1, String name2, Tensor tensor2, String name3, Tensor tensor3) {
    return checked(new String[] {name1, name2, name3}, new Tensor[] {tensor1, tensor2, tensor3});
  }

  /** A batch of any number of tensors, in the map's order. */
  public static Batch of(Map<String, Tensor> tensors) {
    Given.value(tensors, "tensors of a batch", "Give an empty map for none.");
    return checked(
        tensors.keySet().toArray(String[]::new), tensors.values().toArray(Tensor[]::new));
  }

  /**
   * A batch of parallel lists.
   *
   * @throws IllegalArgumentException if the lists differ in length or a name occurs twice
   */
  public static Batch of(List<String> names, List<Tensor> tensors) {
    Given.value(names, "names of a batch", "Give an empty list for none.");
    Given.value(tensors, "tensors of a batch", "Give an empty list for none.");
    if (names.size() != tensors.size()) {
      throw new IllegalArgumentException(
          "Each tensor needs a name, but there are "
              + names.size()
              + " names and "
              + tensors.size()
              + " tensors.");
    }
    return checked(names.toArray(String[]::new), tensors.toArray(Tensor[]::new));
  }

  /**
   * A batch of the same names with other tensors, in the same order. Does not copy: the array is
   * the new batch's from now on.
   *
   * @throws IllegalArgumentException if there are more or fewer tensors than names, or one is null
   */
  public Batch withTensors(Tensor... others) {
    boolean complete = others != null && others.length == names.length;
    for (int i = 0; complete && i < others.length; i++) {
      complete = others[i] != null;
    }
    if (!complete) {
      throw new IllegalArgumentException(
          "A tensor is needed for each of the names "
              + names()
              + ", but they are "
              + Arrays.toString(others)
              + ".");
    }
    return new Batch(names, others);
  }

  /** The number of tensors. */
  public int size() {
    return names.length;
  }

  /**
   * The name of one tensor.
   *
   * @param index from 0 to {@link #size} - 1
   */
  public String name(int index) {
    return names[index];
  }

  /**
   * One tensor, owned by this batch.
   *
   * @param index from 0 to {@link #size} - 1
   */
  public Tensor tensor(int index) {
    return tensors[index];
  }

  /** All names, in order. */
  public List<String> names() {
    return List.of(names);
  }

  /**
   * The tensor of this name, owned by this batch.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Tensor get(String name) {
    int index = indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "No tensor is named '" + name + "'; this batch has " + names() + ".");
    }
    return tensors[index];
  }

  /** The position of a name, or -1. */
  public int indexOf(String name) {
    return indexOf(names, name);
  }

  private static int indexOf(String[] names, String name) {
    for (int i = 0; i < names.length; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The number of rows.
   *
   * @throws IllegalStateException if the tensors do not agree on it
   */
  public long rows() {
    long rows = tensors.length == 0 ? 0 : tensors[0].shape().rows();
    for (Tensor tensor : tensors) {
      if (tensor.shape().rows() != rows) {
        throw new IllegalStateException(
            "The tensors of this batch do not have one number of rows: " + this + ".");
      }
    }
    return rows;
  }

  /**
   * A new batch with the rows of all, in order. Copies.
   *
   * @throws IllegalArgumentException if the batches differ in names, types or row shapes; bring
   *     rows to one length with {@link #pad} first
   */
  public static Batch join(List<Batch> batches) {
    Given.value(batches, "batches to join", "Give a list of them.");
    batches.forEach(batch -> Given.value(batch, "batches to join", "Leave out what is not there."));
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("At least one batch is needed to join.");
    }
    Batch first = batches.get(0);
    for (Batch batch : batches) {
      if (batch.size() != first.size()) {
        throw new IllegalArgumentException(
            "Batches can be joined if they have the same names, but one has "
                + first.names()
                + " and another "
                + batch.names()
                + ".");
      }
    }
    return first.each(
        i -> {
          String name = first.name(i);
          return Rows.join(name, batches.stream().map(batch -> batch.get(name)).toList());
        });
  }

  /**
   * A new batch of the rows from {@code from} up to but not including {@code to}. Copies.
   *
   * @throws IllegalArgumentException if these rows are not in the batch
   */
  public Batch slice(long from, long to) {
    long rows = rows();
    if (from < 0 || from > to || to > rows) {
      throw new IllegalArgumentException(
          "Rows " + from + " to " + to + " are not in a batch of " + rows + " rows.");
    }
    return each(i -> Rows.slice(tensors[i], from, to));
  }

  /**
   * The same tensors once more, with lives of their own; see {@link Tensor#share}.
   *
   * @throws IllegalStateException if a tensor is closed
   */
  public Batch share() {
    hold(); // or says which one is closed
    try {
      return each(i -> tensors[i].share());
    } finally {
      release();
    }
  }

  /** A batch of the same names with new tensors; if one cannot be made, the others are closed. */
  private Batch each(IntFunction<Tensor> make) {
    List<Tensor> made = new ArrayList<>();
    try {
      for (int i = 0; i < tensors.length; i++) {
        made.add(make.apply(i));
      }
    } catch (RuntimeException | Error e) {
      made.forEach(Tensor::close);
      throw e;
    }
    return of(names(), made);
  }

  /**
   * New batches of so many rows each, in order. Copies.
   *
   * @throws IllegalArgumentException if the counts do not add up to the rows of this batch
   */
  public List<Batch> split(long... counts) {
    Given.value(counts, "counts to split by", "Give the rows of each part.");
    long sum = Arrays.stream(counts).sum();
    if (sum != rows() || Arrays.stream(counts).anyMatch(count -> count < 0)) {
      throw new IllegalArgumentException(
          "The counts "
              + Arrays.toString(counts)
              + " do not add up to the "
              + rows()
              + " rows of this batch.");
    }
    List<Batch> parts = new ArrayList<>();
    long from = 0;
    try {
      for (long count : counts) {
        parts.add(slice(from, from + count));
        from += count;
      }
    } catch (RuntimeException | Error e) {
      parts.forEach(Batch::close);
      throw e;
    }
    return parts;
  }

  /**
   * Rows of one length, from rows of any length: each is continued with {@code value} up to the
   * longest. The usual step from token ids to a tensor.
   *
   * @param rows the rows
   * @param value what fills the end, for example 0 for an attention mask
   */
  public static long[][] pad(long[][] rows, long value) {
    Given.value(rows, "rows to pad", "Give an empty array for none.");
    for (long[] row : rows) {
      Given.value(row, "rows to pad", "Leave out what is not there.");
    }
    int longest = Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
    long[][] padded = new long[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      padded[i] = Arrays.copyOf(rows[i], longest);
      Arrays.fill(padded[i], rows[i].length, longest, value);
    }
    return padded;
  }

  /**
   * Keeps the memory of all tensors alive until {@link #release}, whoever closes them meanwhile.
   * For runtimes: around every use of an address.
   *
   * @throws IllegalStateException if a tensor is closed; then none is held
   */
  public void hold() {
    int held = 0;
    try {
      for (; held < tensors.length; held++) {
        tensors[held].memory().hold();
      }
    } catch (IllegalStateException e) {
      String name = names[held];
      while (--held >= 0) {
        tensors[held].memory().release();
      }
      throw new IllegalStateException(
          "The tensor '"
              + name
              + "' was closed before the run. Close a batch after the run that uses it.",
          e);
    }
  }

  /** Ends one {@link #hold}. */
  public void release() {
    for (Tensor tensor : tensors) {
      tensor.memory().release();
    }
  }

  @Override
  public void close() {
    for (Tensor tensor : tensors) {
      tensor.close();
    }
  }

  /** Names, types and shapes, for example {@code {input_ids=INT64[8, 128]}}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < names.length; i++) {
      text.append(i == 0 ? "" : ", ").append(names[i]).append('=').append(tensors[i]);
    }
    return text.append('}').toString();
  }
}
