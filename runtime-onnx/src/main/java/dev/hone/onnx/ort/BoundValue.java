package dev.hone.onnx.ort;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtMemoryInfo;
import org.bytedeco.onnxruntime.OrtValue;
import org.jspecify.annotations.Nullable;

/**
 * The native description ({@code OrtValue}) of the tensor that one input or output last had.
 *
 * <p>Such a description is an address, a type and a shape, and owns none of the memory it
 * describes. So it can be kept and used again whenever the next tensor has the same three, even if
 * another tensor stands at that address by now; that is what makes a steady run free of allocation.
 * All pointers here are made once and then moved.
 */
final class BoundValue implements AutoCloseable {
  private final OrtLibrary library;
  private final Handle handle = new Handle();
  private final Region region = new Region();
  private final PointerPointer<Pointer> created = new PointerPointer<>(1);
  private final LongPointer createdAddress = new LongPointer(created);
  private LongPointer dimensions = new LongPointer(8);

  private long address;
  private long byteSize;
  private @Nullable DataType type;
  private @Nullable Shape shape;

  BoundValue(OrtLibrary library) {
    this.library = library;
  }

  /** The native value, or a null pointer before the first {@link #describe}. */
  OrtValue value() {
    return handle;
  }

  /**
   * Lets the value describe this tensor, which must be held.
   *
   * @return whether the value is another one than before
   */
  boolean describe(Tensor tensor) {
    if (tensor.type() == DataType.STRING) {
      describeStrings(tensor);
      return true;
    }
    return describe(tensor, tensor.memory().address(), library.hostMemory);
  }

  /**
   * Lets the value describe memory that holds, or shall hold, what this tensor is in type and
   * shape.
   *
   * @param memory what kind of memory it is; always the same for the same address
   * @return whether the value is another one than before
   */
  boolean describe(Tensor tensor, long newAddress, OrtMemoryInfo memory) {
    Shape newShape = tensor.shape();
    if (address == newAddress
        && type == tensor.type()
        && newShape.equals(shape)
        && !handle.isNull()) {
      return false;
    }
    release();
    region.moveTo(newAddress, tensor.byteSize());
    library.check(
        library.api.CreateTensorWithDataAsOrtValue(
            memory,
            region,
            tensor.byteSize(),
            dimensions(newShape),
            newShape.rank(),
            ElementTypes.code(tensor.type()),
            created));
    handle.moveTo(createdAddress.get());
    address = newAddress;
    byteSize = tensor.byteSize();
    type = tensor.type();
    shape = newShape;
    return true;
  }

  private void describeStrings(Tensor tensor) {
    release();
    library.check(
        library.api.CreateTensorAsOrtValue(
            library.allocator,
            dimensions(tensor.shape()),
            tensor.shape().rank(),
            ElementTypes.code(DataType.STRING),
            created));
    handle.moveTo(createdAddress.get());
    String[] strings = tensor.toStringArray();
    for (int i = 0; i < strings.length; i++) {
      try (BytePointer text = Names.cString(strings[i])) {
        library.check(library.api.FillStringTensorElement(handle, text, i));
      }
    }
  }

  /** Whether an address is in the memory that it describes. Texts are copied, so not in theirs. */
  boolean covers(long at) {
    return type != null && at >= address && at - address < byteSize;
  }

  private LongPointer dimensions(Shape of) {
    if (of.rank() > dimensions.capacity()) {
      dimensions.close();
      dimensions = new LongPointer(of.rank());
    }
    for (int i = 0; i < of.rank(); i++) {
      dimensions.put(i, of.length(i));
    }
    return dimensions;
  }

  private void release() {
    if (!handle.isNull()) {
      library.api.ReleaseValue(handle);
      handle.moveTo(0);
    }
    type = null;
  }

  @Override
  public void close() {
    release();
    created.close();
    dimensions.close();
  }

  /** An {@code OrtValue*} that can be pointed elsewhere, since making a pointer is not free. */
  private static final class Handle extends OrtValue {
    Handle() {
      super((Pointer) null);
    }

    void moveTo(long newAddress) {
      this.address = newAddress;
    }
  }

  /** A {@code void*} that can be pointed elsewhere. */
  private static final class Region extends BytePointer {
    Region() {
      super((Pointer) null);
    }

    void moveTo(long newAddress, long byteSize) {
      this.address = newAddress;
      this.limit = byteSize;
      this.capacity = byteSize;
    }
  }
}
