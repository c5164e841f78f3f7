package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.onnxruntime.OrtTensorTypeAndShapeInfo;
import org.bytedeco.onnxruntime.OrtValue;
import org.bytedeco.onnxruntime.global.onnxruntime;

/**
 * Turns values that ONNX Runtime allocated into tensors.
 *
 * <p>A tensor stays where it is, and its native value is released with it; but where it is an input
 * that the model hands through, it is copied, because the input is its owner's to close. A sequence
 * of maps, which a scikit-learn classifier gives as its probabilities, becomes a matrix with a row
 * for each map and a column for each key, in the order of the keys, and a tensor of the keys named
 * {@code NAME.keys}. A single map becomes one such row. A sequence of tensors becomes tensors
 * {@code NAME[0]}, {@code NAME[1]} and so on. An optional value that is not there becomes nothing.
 */
final class OutputValues {
  private static final int ABSENT = -1;

  private final OrtLibrary library;
  private final LongPredicate borrowed;
  private final List<String> names = new ArrayList<>();
  private final List<Tensor> tensors = new ArrayList<>();

  /**
   * Nothing taken yet.
   *
   * @param borrowed whether an address is in the memory of an input
   */
  OutputValues(OrtLibrary library, LongPredicate borrowed) {
    this.library = library;
    this.borrowed = borrowed;
  }

  /** Takes over all values, whatever happens: they end in the batch, or are released. */
  Batch take(List<String> outputNames, PointerPointer<Pointer> values) {
    int next = 0;
    try {
      while (next < outputNames.size()) {
        Pointer value = values.get(Pointer.class, next);
        next++;
        add(outputNames.get(next - 1), new OrtValue(value));
      }
      return Batch.of(names, tensors);
    } catch (RuntimeException | Error e) {
      tensors.forEach(Tensor::close);
      for (; next < outputNames.size(); next++) {
        library.api.ReleaseValue(new OrtValue(values.get(Pointer.class, next)));
      }
      throw e;
    }
  }

  /** Takes over one value. */
  private void add(String name, OrtValue value) {
    boolean kept = false;
    try {
      int kind = kind(value);
      if (kind == onnxruntime.ONNX_TYPE_TENSOR) {
        kept = addTensor(name, value);
      } else if (kind == onnxruntime.ONNX_TYPE_SEQUENCE) {
        addSequence(name, value);
      } else if (kind == onnxruntime.ONNX_TYPE_MAP) {
        new MapTable(this::part, this::tensorOf).add(value).into(name, this::put);
      } else if (kind != ABSENT) {
        throw new HoneException(
            "Output '"
                + name
                + "' is neither a tensor, a sequence nor a map (ONNX kind "
                + kind
                + "), and cannot be read. Select other outputs with RunOptions.withOutputs.");
      }
    } finally {
      if (!kept) {
        library.api.ReleaseValue(value);
      }
    }
  }

  private void put(String name, Tensor tensor) {
    names.add(name);
    tensors.add(tensor);
  }

  /** Returns whether the tensor now owns the value. */
  private boolean addTensor(String name, OrtValue value) {
    DataType type;
    Shape shape;
    OrtTensorTypeAndShapeInfo info =
        new OrtTensorTypeAndShapeInfo(
            library.created(out -> library.api.GetTensorTypeAndShape(value, out)));
    try {
      type = elementType(info);
      shape = shape(info);
    } finally {
      library.api.ReleaseTensorTypeAndShapeInfo(info);
    }
    if (type == DataType.STRING) {
      String[] strings = strings(value, (int) shape.elementCount());
      Tensor tensor = Tensor.allocate(DataType.STRING, shape);
      tensor.copyFrom(strings);
      put(name, tensor);
      return false;
    }
    Pointer data = library.created(out -> library.api.GetTensorMutableData(value, out));
    long address = data == null ? 0 : data.address();
    long byteSize = address == 0 ? 0 : type.byteSize(shape.elementCount());
    if (borrowed.test(address)) {
      try (Tensor input = Tensor.of(type, shape, Memory.adopt(address, byteSize, () -> {}))) {
        put(name, copy(input));
      }
      return false;
    }
    Memory memory = Memory.adopt(address, byteSize, () -> library.api.ReleaseValue(value));
    put(name, Tensor.of(type, shape, memory));
    return true;
  }

  private static Tensor copy(Tensor input) {
    Tensor copy = Tensor.of(input.type(), input.shape(), memory(input.byteSize()));
    copy.copyFrom(input);
    return copy;
  }

  private static Memory memory(long bytes) {
    try {
      return Memory.allocateUninitialized(bytes);
    } catch (OutOfMemoryError e) {
      throw new OutOfMemoryException("No memory for an output of " + bytes + " bytes.", e);
    }
  }

  private void addSequence(String name, OrtValue value) {
    long count = count(value);
    MapTable table = new MapTable(this::part, this::tensorOf);
    for (int i = 0; i < count; i++) {
      OrtValue element = part(value, i);
      if (kind(element) == onnxruntime.ONNX_TYPE_MAP) {
        try {
          table.add(element);
        } finally {
          library.api.ReleaseValue(element);
        }
      } else {
        add(Signature.elementName(name, i), element);
      }
    }
    if (!table.isEmpty()) {
      table.into(name, this::put);
    }
  }

  /** A copy of a part of a sequence or map; the caller releases it. */
  private OrtValue part(OrtValue value, int index) {
    return new OrtValue(
        library.created(out -> library.api.GetValue(value, index, library.allocator, out)));
  }

  /** Takes over the value of a map's keys or values. */
  private Tensor tensorOf(OrtValue value) {
    OutputValues one = new OutputValues(library, borrowed);
    one.add("part", value);
    return one.tensors.get(0);
  }

  /** {@link #ABSENT} for an optional value that is not there, which must not be asked more. */
  private int kind(OrtValue value) {
    try (IntPointer answer = new IntPointer(1)) {
      library.check(library.api.HasValue(value, answer));
      if (answer.get() == 0) {
        return ABSENT;
      }
      library.check(library.api.GetValueType(value, answer));
      return answer.get();
    }
  }

  private long count(OrtValue value) {
    try (SizeTPointer count = new SizeTPointer(1)) {
      library.check(library.api.GetValueCount(value, count));
      return count.get();
    }
  }

  private DataType elementType(OrtTensorTypeAndShapeInfo info) {
    try (IntPointer code = new IntPointer(1)) {
      library.check(library.api.GetTensorElementType(info, code));
      return ElementTypes.of(code.get());
    }
  }

  private Shape shape(OrtTensorTypeAndShapeInfo info) {
    try (SizeTPointer rank = new SizeTPointer(1)) {
      library.check(library.api.GetDimensionsCount(info, rank));
      long[] lengths = new long[(int) rank.get()];
      try (LongPointer dimensions = new LongPointer(Math.max(1, lengths.length))) {
        library.check(library.api.GetDimensions(info, dimensions, lengths.length));
        dimensions.get(lengths);
      }
      return Shape.of(lengths);
    }
  }

  private String[] strings(OrtValue value, int count) {
    String[] strings = new String[count];
    try (SizeTPointer length = new SizeTPointer(1)) {
      for (int i = 0; i < count; i++) {
        library.check(library.api.GetStringTensorElementLength(value, i, length));
        byte[] bytes = new byte[(int) length.get()];
        try (BytePointer text = new BytePointer(Math.max(1, bytes.length))) {
          library.check(library.api.GetStringTensorElement(value, bytes.length, i, text));
          text.get(bytes);
        }
        strings[i] = new String(bytes, StandardCharsets.UTF_8);
      }
    }
    return strings;
  }
}
