package dev.hone;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks batches against a {@link Signature} before they reach native code. For runtimes, so that
 * all of them refuse the same things in the same words.
 *
 * <p>Made once for a session: names become positions and symbolic dimensions become numbers here.
 * Immutable and thread-safe. A batch that passes costs no allocation: what a check finds out goes
 * into two arrays that the caller brings and may use again. Whether tensors are closed is not
 * looked at here: hold the batch first ({@link Batch#hold}), which finds that out.
 *
 * <pre>{@code
 * check.resolve(in, positions, symbols);         // throws, or says where each input is
 * Shape shape = check.outputShape(0, symbols);   // null: only the run can tell
 * check.resolveOutputs(out, targets, symbols);   // the same for tensors that the caller brings
 * }</pre>
 */
public final class InputCheck {
  /** Stands in the arrays for an input or output that is not there. */
  public static final int ABSENT = -1;

  private static final long UNBOUND = -1;

  private final Signature signature;
  private final @Nullable String device;
  private final Slot[] inputs;
  private final Slot[] outputs;
  private final String[] symbols;

  /** A check for all runs of a model on tensors of the host. */
  public InputCheck(Signature signature) {
    this(signature, null);
  }

  /** As the other, for a session that also takes tensors which lie on this device. */
  public InputCheck(Signature signature, @Nullable Device device) {
    this.signature = Given.value(signature, "signature to check by", "Take that of the model.");
    this.device = device == null ? null : device.toString();
    Map<String, Integer> known = new HashMap<>();
    this.inputs = slots("input", signature.inputs(), known);
    this.outputs = slots("output", signature.outputs(), known);
    this.symbols = new String[known.size()];
    known.forEach((name, index) -> symbols[index] = name);
  }

  private static Slot[] slots(
      String role, List<Signature.Value> values, Map<String, Integer> known) {
    return values.stream().map(value -> Slot.of(role, value, known)).toArray(Slot[]::new);
  }

  /** How long the array for the positions of inputs must be. */
  public int inputCount() {
    return inputs.length;
  }

  /** How long the array for the positions of outputs must be. */
  public int outputCount() {
    return outputs.length;
  }

  /** How long the array for the lengths of symbolic dimensions must be. */
  public int symbolCount() {
    return symbols.length;
  }

  /**
   * Checks the inputs of a run: names, types, ranks, fixed dimensions, and that dimensions of one
   * name have one length.
   *
   * @param in the inputs
   * @param positions receives where in {@code in} each input of the signature is, or {@link
   *     #ABSENT} for one that is optional and was left out, and for a sequence, whose elements are
   *     found by their names
   * @param lengths receives the length of each symbolic dimension, or -1 for one that no input has
   * @throws IllegalArgumentException if the model does not take these inputs
   */
  public void resolve(Batch in, int[] positions, long[] lengths) {
    requireBatch(in, "inputs", "For a model without inputs give Batch.of(Map.of()).");
    int found = locate(in, inputs, positions);
    if (found != in.size()) {
      throw unknownName(in, inputs);
    }
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = UNBOUND;
    }
    for (int i = 0; i < inputs.length; i++) {
      if (positions[i] == ABSENT) {
        if (!inputs[i].value().optional() && !inputs[i].takesElements()) {
          throw missing(in, inputs[i]);
        }
      } else {
        check(inputs[i], in.tensor(positions[i]), lengths);
      }
    }
  }

  /**
   * Checks the tensors that a run shall write to, as far as the inputs tell what they must be.
   *
   * @param out the outputs to compute
   * @param positions receives where in {@code out} each output of the signature is, or {@link
   *     #ABSENT} for one that is not wanted
   * @param lengths what {@link #resolve} found; learns what the outputs add
   * @throws IllegalArgumentException if the model does not give such outputs
   */
  public void resolveOutputs(Batch out, int[] positions, long[] lengths) {
    requireBatch(out, "outputs", "Bring tensors for the outputs, or let run(in) make them.");
    if (out.size() == 0) {
      throw new IllegalArgumentException(
          "A run needs at least one output to compute, but the batch is empty. The model gives "
              + outputsText()
              + ".");
    }
    if (locate(out, outputs, positions) != out.size()) {
      throw unknownName(out, outputs);
    }
    for (int i = 0; i < outputs.length; i++) {
      if (positions[i] != ABSENT) {
        Tensor tensor = out.tensor(positions[i]);
        check(outputs[i], tensor, lengths);
        if (outputs[i].value().optional()) {
          throw outputs[i].mayBeMissing();
        }
        if (tensor.memory().isReadOnly()) {
          throw outputs[i].readOnly();
        }
      }
    }
    requireApart(out);
  }

  /**
   * Refuses outputs of which one would be written over another.
   *
   * @param out the outputs to compute
   * @throws IllegalArgumentException if two of the tensors share memory
   */
  public static void requireApart(Batch out) {
    for (int i = 1; i < out.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (out.tensor(i).overlaps(out.tensor(j))) {
          throw shared(out, j, i);
        }
      }
    }
  }

  private static IllegalArgumentException shared(Batch out, int first, int second) {
    return new IllegalArgumentException(
        "The outputs '"
            + out.name(first)
            + "' and '"
            + out.name(second)
            + "' would be written to the same memory, that of "
            + out.tensor(first)
            + " and "
            + out.tensor(second)
            + ". Bring a tensor of its own for each output.");
  }

  /**
   * The number of an output in the signature.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public int output(String name) {
    for (int i = 0; i < outputs.length; i++) {
      if (outputs[i].name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        "The model has no output '" + name + "'. It gives " + outputsText() + ".");
  }

  /**
   * The shape that the model promises for an output of this run, or null if the inputs do not
   * settle it. A promise only: a model may break it.
   *
   * @param output its number in the signature
   * @param lengths what {@link #resolve} found
   */
  public @Nullable Shape outputShape(int output, long[] lengths) {
    long[] dimensions = outputs[output].dimensions();
    if (dimensions == null) {
      return null;
    }
    long[] shape = new long[dimensions.length];
    for (int axis = 0; axis < shape.length; axis++) {
      long dimension = dimensions[axis];
      shape[axis] =
          Slot.isSymbol(dimension) ? lengths[Slot.symbol(dimension)] : Math.max(dimension, UNBOUND);
      if (shape[axis] == UNBOUND) {
        return null;
      }
    }
    return Shape.of(shape);
  }

  /**
   * Refuses to run without options.
   *
   * @throws IllegalArgumentException if they are null
   */
  public static void requireOptions(@Nullable RunOptions options) {
    Given.value(options, "options of a run", "Leave them out for the defaults.");
  }

  private static void requireBatch(@Nullable Batch batch, String what, String remedy) {
    if (batch == null) {
      throw new IllegalArgumentException(
          "The " + what + " of a run must be a Batch, but are null. " + remedy);
    }
  }

  /** Fills the positions and says how many tensors of the batch it met. */
  private int locate(Batch batch, Slot[] slots, int[] positions) {
    int found = 0;
    for (int i = 0; i < slots.length; i++) {
      String name = slots[i].name();
      // Most batches come in the signature's order.
      boolean inOrder = i < batch.size() && batch.name(i).equals(name);
      positions[i] = inOrder ? i : batch.indexOf(name);
      if (positions[i] >= 0) {
        found++;
      } else if (slots[i].takesElements()) {
        found += elements(batch, slots[i]);
      }
    }
    return found;
  }

  /**
   * How many elements of a sequence the batch has. All must be of its type; their shapes are the
   * model's business, since those that models declare for elements are often wrong.
   */
  private int elements(Batch batch, Slot slot) {
    int count = 0;
    DataType type = slot.value().type();
    while (true) {
      int position = batch.indexOf(Signature.elementName(slot.name(), count));
      if (position < 0) {
        return count;
      }
      Tensor element = batch.tensor(position);
      requireReachable(slot, element);
      if (type == null) {
        type = element.type(); // one type in one sequence, even if the model does not say which
      } else if (element.type() != type) {
        throw slot.wrongElement(batch.name(position), element, type);
      }
      count++;
    }
  }

  private void check(Slot slot, Tensor tensor, long[] lengths) {
    if (slot.value().kind() != Signature.Kind.TENSOR) {
      throw slot.notTensor();
    }
    DataType type = slot.value().type();
    if (type != null && type != tensor.type()) {
      throw slot.wrongType(tensor, type);
    }
    requireReachable(slot, tensor);
    long[] dimensions = slot.dimensions();
    if (dimensions == null) {
      return;
    }
    Shape shape = tensor.shape();
    if (shape.rank() != dimensions.length) {
      throw slot.wrongRank(tensor, dimensions.length);
    }
    for (int axis = 0; axis < dimensions.length; axis++) {
      long length = shape.length(axis);
      long dimension = dimensions[axis];
      if (Slot.isSymbol(dimension)) {
        int symbol = Slot.symbol(dimension);
        if (lengths[symbol] == UNBOUND) {
          lengths[symbol] = length;
        } else if (lengths[symbol] != length) {
          throw slot.disagreement(tensor, axis, symbols[symbol], lengths[symbol], sharing(symbol));
        }
      } else if (dimension >= 0 && dimension != length) {
        throw slot.wrongLength(tensor, axis, dimension);
      }
    }
  }

  private void requireReachable(Slot slot, Tensor tensor) {
    String where = tensor.memory().device();
    if (where != null && !where.equals(device)) {
      throw slot.elsewhere(where, device);
    }
  }

  private List<String> sharing(int symbol) {
    return Stream.of(inputs, outputs)
        .flatMap(Arrays::stream)
        .filter(slot -> slot.has(symbol))
        .map(Slot::name)
        .toList();
  }

  private static IllegalArgumentException missing(Batch in, Slot slot) {
    return new IllegalArgumentException(
        "The input "
            + slot.value()
            + " is missing; the batch has "
            + in.names()
            + ". Add a tensor of this name.");
  }

  private IllegalArgumentException unknownName(Batch batch, Slot[] slots) {
    boolean output = slots == outputs;
    List<String> unknown = new ArrayList<>(batch.names());
    for (Slot slot : slots) {
      unknown.remove(slot.name());
      for (int i = 0; slot.takesElements(); i++) {
        if (!unknown.remove(Signature.elementName(slot.name(), i))) {
          break;
        }
      }
    }
    for (Slot slot : slots) {
      if (!unknown.isEmpty() && slot.takesElements() && slot.hasElement(unknown.get(0))) {
        return slot.wrongNumber(unknown.get(0), batch);
      }
    }
    return new IllegalArgumentException(
        "The model has no "
            + (output ? "output '" : "input '")
            + (unknown.isEmpty() ? batch.name(0) : unknown.get(0))
            + (output ? "'. It gives " : "'. It takes ")
            + (output ? outputsText() : text(signature.inputs()))
            + "; the batch has "
            + batch.names()
            + ".");
  }

  private String outputsText() {
    return text(signature.outputs());
  }

  private static String text(List<Signature.Value> values) {
    return values.isEmpty()
        ? "none"
        : String.join(", ", values.stream().map(Signature.Value::toString).toList());
  }
}
