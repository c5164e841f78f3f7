package dev.hone;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An input or output of a signature with its dimensions as numbers, and the words for a tensor that
 * does not fit. What {@link InputCheck} is made of.
 */
final class Slot {
  private final String role;
  private final Signature.Value value;
  private final long @Nullable [] dimensions;
  private final boolean takesElements;

  private Slot(String role, Signature.Value value, long @Nullable [] dimensions) {
    this.role = role;
    this.takesElements = role.equals("input") && value.kind() == Signature.Kind.SEQUENCE;
    this.value = value;
    this.dimensions = dimensions;
  }

  /**
   * A slot.
   *
   * @param role {@code input} or {@code output}
   * @param symbols the numbers of all symbolic dimensions so far; learns new ones
   */
  static Slot of(String role, Signature.Value value, Map<String, Integer> symbols) {
    List<Signature.Dimension> dimensions = value.dimensions();
    if (dimensions == null) {
      return new Slot(role, value, null);
    }
    long[] numbers = new long[dimensions.size()];
    for (int i = 0; i < numbers.length; i++) {
      Signature.Dimension dimension = dimensions.get(i);
      long length = dimension.length().orElse(-1);
      numbers[i] =
          dimension
              .symbol()
              .map(name -> -2L - symbols.computeIfAbsent(name, n -> symbols.size()))
              .orElse(length);
    }
    return new Slot(role, value, numbers);
  }

  static boolean isSymbol(long dimension) {
    return dimension < -1;
  }

  static int symbol(long dimension) {
    return (int) (-2 - dimension);
  }

  String role() {
    return role;
  }

  Signature.Value value() {
    return value;
  }

  String name() {
    return value.name();
  }

  /**
   * For each dimension its length if fixed, {@code -2 - symbol} if it has a name, -1 if the model
   * says nothing; null if it does not even say how many there are. Not to be changed.
   */
  long @Nullable [] dimensions() {
    return dimensions;
  }

  boolean has(int symbol) {
    if (dimensions != null) {
      for (long dimension : dimensions) {
        if (isSymbol(dimension) && symbol(dimension) == symbol) {
          return true;
        }
      }
    }
    return false;
  }

  IllegalArgumentException wrongType(Tensor tensor, DataType type) {
    return new IllegalArgumentException(
        mustBe(tensor) + " Use a tensor of " + type + ": " + maker(type) + " makes one.");
  }

  /** The shortest way to a tensor of a type. */
  private static String maker(DataType type) {
    return switch (type) {
      case FLOAT32 -> "Tensor.of(float[], shape)";
      case FLOAT64 -> "Tensor.of(double[], shape)";
      case INT64 -> "Tensor.of(long[], shape)";
      case INT32 -> "Tensor.of(int[], shape)";
      case BOOL -> "Tensor.of(boolean[], shape)";
      case STRING -> "Tensor.of(String[], shape)";
      case INT8, UINT8 -> "Tensor.of(DataType." + type + ", byte[], shape)";
      case FLOAT16, BFLOAT16 ->
          "Tensor.allocate(DataType." + type + ", shape) with copyFrom(float[])";
      default -> "Tensor.allocate(DataType." + type + ", shape) with copyFrom(long[])";
    };
  }

  IllegalArgumentException readOnly() {
    return new IllegalArgumentException(
        "The output '"
            + name()
            + "' must be memory that can be written, but is a read-only buffer. Wrap the buffer"
            + " itself, not what asReadOnlyBuffer or a read-only file mapping gives.");
  }

  IllegalArgumentException elsewhere(String where, @Nullable String device) {
    return new IllegalArgumentException(
        "The "
            + role
            + " '"
            + name()
            + "' must be in memory "
            + (device == null ? "of the host" : "of the host or of " + device)
            + ", but lies on "
            + where
            + ". Bring a tensor of the host: GpuMemory of hone-runtime-cuda copies from and to it.");
  }

  /** Whether it is an input that a batch holds as elements with names of their own. */
  boolean takesElements() {
    return takesElements;
  }

  /** Whether this is a name that an element of this sequence could have, whatever its number. */
  boolean hasElement(String name) {
    return name.startsWith(name() + "[") && name.endsWith("]");
  }

  IllegalArgumentException notTensor() {
    String remedy =
        takesElements
            ? " Name its elements '"
                + Signature.elementName(name(), 0)
                + "', '"
                + Signature.elementName(name(), 1)
                + "' and so on."
            : role.equals("output")
                ? " Leave it out, or let run(in) make tensors of it."
                : " Change the model so that it takes tensors.";
    return new IllegalArgumentException(
        "The "
            + role
            + " '"
            + name()
            + "' is of kind "
            + value.kind()
            + ", but a batch holds tensors only."
            + remedy);
  }

  IllegalArgumentException wrongElement(String element, Tensor tensor, DataType type) {
    return new IllegalArgumentException(
        "The elements of the input "
            + value
            + " must be of "
            + type
            + ", but '"
            + element
            + "' is "
            + tensor
            + ". Use a tensor of "
            + type
            + ".");
  }

  IllegalArgumentException wrongNumber(String element, Batch batch) {
    return new IllegalArgumentException(
        "The elements of the input "
            + value
            + " must be numbered from 0 without a gap, but '"
            + element
            + "' has no element before it: the batch has "
            + batch.names()
            + ". Number them in order.");
  }

  IllegalArgumentException mayBeMissing() {
    return new IllegalArgumentException(
        "The output '"
            + name()
            + "' is optional: a run may give no value for it, so none can be brought to be written"
            + " into. Leave it out, or let run(in) make it.");
  }

  IllegalArgumentException wrongRank(Tensor tensor, int rank) {
    return new IllegalArgumentException(
        mustBe(tensor)
            + " It needs "
            + rank
            + (rank == 1 ? " dimension" : " dimensions")
            + ", but has "
            + tensor.shape().rank()
            + (rank == 0
                ? ". Tensor.scalar makes a tensor of a single value."
                : ". Give the shape when you make the tensor; a single row is a dimension of length"
                    + " 1."));
  }

  IllegalArgumentException wrongLength(Tensor tensor, int axis, long expected) {
    long length = tensor.shape().length(axis);
    String remedy =
        length == 0
            ? " An array without rows does not say how long a row is: make an empty tensor with"
                + " Tensor.allocate and its shape."
            : " Pad, cut or reshape the values, or export the model with a dynamic dimension.";
    return new IllegalArgumentException(
        mustBe(tensor)
            + " Dimension "
            + axis
            + " must be "
            + expected
            + ", but is "
            + length
            + "."
            + remedy);
  }

  IllegalArgumentException disagreement(
      Tensor tensor, int axis, String symbol, long bound, List<String> sharing) {
    return new IllegalArgumentException(
        mustBe(tensor)
            + " Dimension "
            + axis
            + ", '"
            + symbol
            + "', is "
            + tensor.shape().length(axis)
            + " here, but was "
            + bound
            + " before; "
            + sharing
            + " share it. Give it one length in all of them.");
  }

  private String mustBe(Tensor tensor) {
    return "The " + role + " must be " + value + ", but is " + tensor + ".";
  }
}
