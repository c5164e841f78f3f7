package dev.hone.onnx.graph;

import java.util.Arrays;

/** Whether the elements of a tensor are as many as its type and shape say. */
final class TensorCheck {
  private TensorCheck() {}

  /**
   * Checks one tensor.
   *
   * @throws MalformedException if it is not sound
   */
  static void check(TensorData tensor) {
    long[] dims = tensor.dims();
    long wanted = wantedBytes(tensor.name(), tensor.typeCode(), dims);
    if (tensor.storage() instanceof Storage.Strings strings) {
      long elements = elements(tensor.name(), dims);
      if (strings.values().size() != elements) {
        throw mismatch(tensor, elements + " texts", strings.values().size() + "");
      }
    } else if (tensor.byteSize() != wanted) {
      throw mismatch(tensor, wanted + " bytes", tensor.byteSize() + "");
    }
  }

  private static MalformedException mismatch(TensorData tensor, String wanted, String actual) {
    return new MalformedException(
        "the tensor '"
            + tensor.name()
            + "' of "
            + ElementTypes.name(tensor.typeCode())
            + Arrays.toString(tensor.dims())
            + " needs "
            + wanted
            + ", but holds "
            + actual);
  }

  /** The bytes that a tensor of this type and shape has. */
  static long wantedBytes(String name, int typeCode, long[] dims) {
    if (!ElementTypes.isKnown(typeCode)) {
      throw new MalformedException(
          "the tensor '"
              + name
              + "' has the element type "
              + typeCode
              + ", which ONNX does not know");
    }
    try {
      return ElementTypes.byteSize(typeCode, elements(name, dims));
    } catch (ArithmeticException e) {
      throw tooLarge(name, dims);
    }
  }

  private static long elements(String name, long[] dims) {
    long elements = 1;
    for (long length : dims) {
      if (length < 0) {
        throw new MalformedException(
            "the tensor '" + name + "' has a negative dimension: " + Arrays.toString(dims));
      }
      try {
        elements = Math.multiplyExact(elements, length);
      } catch (ArithmeticException e) {
        throw tooLarge(name, dims);
      }
    }
    return elements;
  }

  private static MalformedException tooLarge(String name, long[] dims) {
    return new MalformedException(
        "the tensor '" + name + "' has more elements than can be: " + Arrays.toString(dims));
  }
}
