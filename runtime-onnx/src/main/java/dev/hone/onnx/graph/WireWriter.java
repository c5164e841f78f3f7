package dev.hone.onnx.graph;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Builds one protobuf message. Fields are written in the order of their numbers, those of one
 * number in the order they came: one content has one encoding. Large values are referred to, not
 * copied.
 *
 * <p>Source: the protobuf encoding specification.
 */
final class WireWriter {
  private static final int VARINT = 0;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final List<Field> fields = new ArrayList<>();

  private record Field(int number, List<ByteBuffer> parts, long byteSize) {}

  /** Adds an integer, boolean or enum field. */
  void varint(int number, long value) {
    ByteArrayOutputStream out = tag(number, VARINT);
    rawVarint(out, value);
    add(number, out);
  }

  /** Adds each value as a field of its own: the unpacked form. */
  void varints(int number, long[] values) {
    for (long value : values) {
      varint(number, value);
    }
  }

  /** Adds a {@code float} field. */
  void float32(int number, float value) {
    ByteArrayOutputStream out = tag(number, FIXED32);
    int bits = Float.floatToRawIntBits(value);
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      out.write(bits >>> shift);
    }
    add(number, out);
  }

  /** Adds a string field. */
  void string(int number, String value) {
    bytes(number, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
  }

  /** Adds a string field unless the string is empty. */
  void stringUnlessEmpty(int number, String value) {
    if (!value.isEmpty()) {
      string(number, value);
    }
  }

  /** Adds a bytes field that refers to {@code value}. */
  void bytes(int number, ByteBuffer value) {
    delimited(number, List.of(value.slice()), value.remaining());
  }

  /** Adds a bytes field that refers to {@code parts}, one after the other. */
  void bytes(int number, List<ByteBuffer> parts) {
    delimited(number, parts, parts.stream().mapToLong(ByteBuffer::remaining).sum());
  }

  /** Adds a message field. */
  void message(int number, WireWriter value) {
    delimited(number, value.parts(), value.byteSize());
  }

  /** Adds a field as it was read. */
  void raw(RawField field) {
    fields.add(
        new Field(field.number(), List.of(field.bytes().slice()), field.bytes().remaining()));
  }

  /** The length of the message. */
  long byteSize() {
    return fields.stream().mapToLong(Field::byteSize).sum();
  }

  /** The message in pieces; each piece from position to limit. */
  List<ByteBuffer> parts() {
    List<ByteBuffer> parts = new ArrayList<>();
    fields.stream()
        .sorted(Comparator.comparingInt(Field::number))
        .forEach(field -> parts.addAll(field.parts()));
    return parts;
  }

  /** The message as one buffer: for small ones. */
  ByteBuffer toBuffer() {
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(byteSize()));
    parts().forEach(part -> out.put(part.duplicate()));
    return out.flip();
  }

  private void delimited(int number, List<ByteBuffer> value, long byteSize) {
    ByteArrayOutputStream head = tag(number, BYTES);
    rawVarint(head, byteSize);
    List<ByteBuffer> parts = new ArrayList<>(value.size() + 1);
    parts.add(ByteBuffer.wrap(head.toByteArray()));
    parts.addAll(value);
    fields.add(new Field(number, parts, head.size() + byteSize));
  }

  private void add(int number, ByteArrayOutputStream out) {
    fields.add(new Field(number, List.of(ByteBuffer.wrap(out.toByteArray())), out.size()));
  }

  private static ByteArrayOutputStream tag(int number, int wireType) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(12);
    rawVarint(out, (long) number << 3 | wireType);
    return out;
  }

  private static void rawVarint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
