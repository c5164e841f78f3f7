package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.InputCheck;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every example once before work begins: whether the model takes it, whether its numbers
 * are any, and whether there is anything to learn from; and takes a digest of all of them.
 *
 * @param rows the rows of each batch, in order
 * @param digest SHA-256 of names, types, shapes and contents
 */
public record ExampleCheck(List<Long> rows, String digest) {
  /** Copies the list. */
  public ExampleCheck {
    rows = List.copyOf(rows);
  }

  /**
   * Looks at examples.
   *
   * @param what their name in messages, for example {@code calibration}
   * @throws IllegalArgumentException if they are of no use; the message says which one and why
   */
  public static ExampleCheck of(String what, Iterable<Batch> examples, Signature signature) {
    Look look = new Look(what, signature);
    for (Batch batch : examples) {
      look.at(batch);
    }
    ExampleCheck result = look.result();
    requireAgain(what, examples);
    return result;
  }

  private static void requireAgain(String what, Iterable<Batch> examples) {
    boolean again;
    IllegalStateException failure = null;
    try {
      again = examples.iterator().hasNext();
    } catch (IllegalStateException e) { // what streams throw
      again = false;
      failure = e;
    }
    if (!again) {
      throw new IllegalArgumentException(
          "The "
              + what
              + " data can be gone through only once, but is needed several times. Give a list, or"
              + " an Iterable whose iterator() begins anew each time.",
          failure);
    }
  }

  /** The sum of all rows. */
  public long totalRows() {
    return rows.stream().mapToLong(Long::longValue).sum();
  }

  private static final class Look {
    private static final int WINDOW_BYTES = 1 << 20;

    private final String what;
    private final InputCheck check;
    private final int[] positions;
    private final long[] lengths;
    private final MessageDigest digest = sha256();
    private final List<Long> rows = new ArrayList<>();
    private boolean varied;
    private float firstValue = Float.NaN;

    Look(String what, Signature signature) {
      this.what = what;
      this.check = new InputCheck(signature);
      this.positions = new int[check.inputCount()];
      this.lengths = new long[check.symbolCount()];
    }

    void at(@Nullable Batch batch) {
      if (batch == null) {
        throw refused("must not be null. Leave it out", null);
      }
      try {
        batch.hold();
      } catch (IllegalStateException e) {
        throw refused(
            "is closed already. Close batches after the session is open: they are borrowed until"
                + " then",
            e);
      }
      try {
        requireFit(batch);
        for (int i = 0; i < batch.size(); i++) {
          at(batch.name(i), batch.tensor(i));
        }
        rows.add(Examples.rowsOf(batch));
      } finally {
        batch.release();
      }
    }

    private void requireFit(Batch batch) {
      try {
        check.resolve(batch, positions, lengths);
      } catch (IllegalArgumentException e) {
        throw refused("does not fit: " + e.getMessage(), e);
      }
    }

    private void at(String name, Tensor tensor) {
      update(name + " " + tensor + "\n");
      if (tensor.type() == DataType.STRING) {
        for (String text : tensor.toStringArray()) {
          update(text + "\0");
        }
        varied = true;
        return;
      }
      Memory memory = tensor.memory();
      for (long from = 0; from < tensor.byteSize(); from += WINDOW_BYTES) {
        long length = Math.min(WINDOW_BYTES, tensor.byteSize() - from);
        memory.lend(from, length, digest::update);
      }
      if (tensor.type().isFloatingPoint()) {
        requireNumbers(name, tensor.toFloatArray());
      } else {
        varied = true; // tokens and masks: one row alone tells much
      }
    }

    private void requireNumbers(String name, float[] values) {
      for (int i = 0; i < values.length; i++) {
        if (!Float.isFinite(values[i])) {
          throw refused(
              "holds "
                  + values[i]
                  + " at element "
                  + i
                  + " of '"
                  + name
                  + "', from which no range can be learned. Leave the row out, or clean it as the"
                  + " program does before it runs the model",
              null);
        }
        firstValue = Float.isNaN(firstValue) ? values[i] : firstValue;
        varied |= values[i] != firstValue;
      }
    }

    private void update(String text) {
      digest.update(text.getBytes(StandardCharsets.UTF_8));
    }

    private IllegalArgumentException refused(String why, @Nullable Throwable cause) {
      String text = "Batch " + rows.size() + " of the " + what + " data " + why;
      return new IllegalArgumentException(text.endsWith(".") ? text : text + ".", cause);
    }

    ExampleCheck result() {
      if (rows.isEmpty()) {
        throw new IllegalArgumentException(
            "The "
                + what
                + " data holds no batch. Give about a hundred rows that look like those to come; a"
                + " stream's iterator can be used only once, so give a list.",
            null);
      }
      if (rows.stream().allMatch(count -> count == 0)) {
        throw new IllegalArgumentException(
            "The "
                + what
                + " data holds "
                + rows.size()
                + (rows.size() == 1 ? " batch" : " batches")
                + ", but no row. Give about a hundred rows that look like those to come.");
      }
      if (!varied) {
        throw new IllegalArgumentException(
            "All numbers of the "
                + what
                + " data are the same, so no range can be learned from it. Give rows that look like"
                + " those to come.",
            null);
      }
      return new ExampleCheck(rows, HexFormat.of().formatHex(digest.digest()));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256.", e);
    }
  }
}
