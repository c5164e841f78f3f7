package dev.hone.onnx.graph;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elements in one of the typed fields of {@code TensorProto}: {@code float_data}, {@code
 * int32_data}, {@code int64_data}, {@code double_data} or {@code uint64_data}. Decoded when first
 * asked for; written back as they came.
 */
final class TypedValues implements Storage {
  static final int FLOAT_DATA = 4;
  static final int INT32_DATA = 5;
  static final int INT64_DATA = 7;
  static final int DOUBLE_DATA = 10;
  static final int UINT64_DATA = 11;

  private final List<RawField> fields = new ArrayList<>();
  private final int elementBytes;
  private @Nullable ByteBuffer decoded;

  /** Values of which each takes {@code elementBytes} bytes once decoded. */
  TypedValues(int elementBytes) {
    this.elementBytes = elementBytes;
  }

  /** Takes one more field of the values. */
  void add(RawField field) {
    fields.add(field);
  }

  @Override
  public long byteSize() {
    return decoded().limit();
  }

  @Override
  public ByteBuffer view(long offset, int length) {
    return decoded()
        .slice(Math.toIntExact(offset), length)
        .asReadOnlyBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void encode(WireWriter tensor) {
    fields.forEach(tensor::raw);
  }

  private synchronized ByteBuffer decoded() {
    if (decoded == null) {
      decoded = decode();
    }
    return decoded;
  }

  private ByteBuffer decode() {
    ByteBuffer packed = onlyPackedFloats();
    if (packed != null) {
      return packed;
    }
    LittleEndian out = new LittleEndian(elementBytes);
    for (RawField field : fields) {
      WireReader reader = WireReader.of(field.bytes());
      reader.next();
      switch (field.number()) {
        case FLOAT_DATA -> reader.fixed32s(out::put);
        case DOUBLE_DATA -> reader.fixed64s(out::put);
        default -> reader.varints(out::put);
      }
    }
    ByteBuffer direct = ByteBuffer.allocateDirect(out.size());
    return direct.put(out.toByteArray()).flip();
  }

  /** Packed floats and doubles are laid out as raw data is: no need to copy. */
  private @Nullable ByteBuffer onlyPackedFloats() {
    RawField field = fields.get(0);
    boolean floats = field.number() == FLOAT_DATA || field.number() == DOUBLE_DATA;
    WireReader reader = WireReader.of(field.bytes());
    reader.next();
    return floats && fields.size() == 1 && reader.isDelimited() ? reader.bytes() : null;
  }

  private static final class LittleEndian extends ByteArrayOutputStream {
    private final int elementBytes;

    LittleEndian(int elementBytes) {
      this.elementBytes = elementBytes;
    }

    void put(long value) {
      for (int i = 0; i < elementBytes; i++) {
        write((int) (value >>> (i * Byte.SIZE)));
      }
    }
  }
}
