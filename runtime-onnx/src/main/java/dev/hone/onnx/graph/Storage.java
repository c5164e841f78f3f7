package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Where a tensor's elements lie, and how they are written. */
sealed interface Storage permits Storage.Inline, Storage.Strings, TypedValues, ExternalBytes {
  /** The bytes that the elements take, as far as the storage itself knows. */
  long byteSize();

  /** A little-endian, read-only view of some of the bytes. */
  ByteBuffer view(long offset, int length);

  /** Adds the fields of {@code TensorProto} that hold the elements. */
  void encode(WireWriter tensor);

  /**
   * Bytes in ONNX order.
   *
   * @param bytes from position 0 to limit
   */
  record Inline(ByteBuffer bytes) implements Storage {
    static final int RAW_DATA = 9;

    @Override
    public long byteSize() {
      return bytes.limit();
    }

    @Override
    public ByteBuffer view(long offset, int length) {
      return bytes
          .slice(Math.toIntExact(offset), length)
          .asReadOnlyBuffer()
          .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void encode(WireWriter tensor) {
      tensor.bytes(RAW_DATA, view(0, bytes.limit()));
    }
  }

  /**
   * Texts, as bytes that are usually but not always UTF-8.
   *
   * @param values one for each element
   */
  record Strings(List<ByteBuffer> values) implements Storage {
    static final int STRING_DATA = 6;

    @Override
    public long byteSize() {
      return 0;
    }

    @Override
    public ByteBuffer view(long offset, int length) {
      throw new IllegalStateException("A tensor of texts has no bytes; use strings().");
    }

    @Override
    public void encode(WireWriter tensor) {
      values.forEach(value -> tensor.bytes(STRING_DATA, value));
    }
  }
}
