package dev.hone.onnx.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One field of a protobuf message: for tests that read files which hold no model, and that need
 * bytes no writer of the library would write.
 */
public final class ProtoField {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int DELIMITED = 2;
  private static final int FIXED32 = 5;

  private final byte[] message;
  private final int number;
  private final int start;
  private final int wireType;
  private final int valueStart;
  private final int end;

  private ProtoField(byte[] message, int number, int start, int wireType, int valueStart, int end) {
    this.message = message;
    this.number = number;
    this.start = start;
    this.wireType = wireType;
    this.valueStart = valueStart;
    this.end = end;
  }

  /**
   * All fields of a message, in order.
   *
   * @throws IllegalArgumentException if the bytes are no message
   */
  public static List<ProtoField> of(byte[] bytes) {
    List<ProtoField> fields = new ArrayList<>();
    int to = bytes.length;
    int position = 0;
    while (position < to) {
      int start = position;
      long tag = varint(bytes, position, to);
      position += varintSize(bytes, position, to);
      int wireType = (int) tag & 7;
      int valueStart = position;
      int end =
          switch (wireType) {
            case VARINT -> position + varintSize(bytes, position, to);
            case FIXED64 -> position + 8;
            case FIXED32 -> position + 4;
            case DELIMITED -> {
              valueStart = position + varintSize(bytes, position, to);
              long length = varint(bytes, position, to);
              if (length < 0 || length > to - valueStart) {
                throw new IllegalArgumentException("A field of " + length + " bytes ends behind.");
              }
              yield valueStart + (int) length;
            }
            default -> throw new IllegalArgumentException("No wire type: " + wireType);
          };
      if (end > to || end < position) {
        throw new IllegalArgumentException("A field ends at " + end + ", behind " + to);
      }
      fields.add(new ProtoField(bytes, (int) (tag >>> 3), start, wireType, valueStart, end));
      position = end;
    }
    return fields;
  }

  /** The field's number. */
  public int number() {
    return number;
  }

  /** Whether it holds bytes, a text, a message or packed numbers. */
  public boolean isDelimited() {
    return wireType == DELIMITED;
  }

  /** Whether it holds one number of variable length. */
  public boolean isVarint() {
    return wireType == VARINT;
  }

  /** The whole field as it is, copied. */
  public byte[] whole() {
    return Arrays.copyOfRange(message, start, end);
  }

  /** The value as bytes, copied. */
  public byte[] bytes() {
    return Arrays.copyOfRange(message, valueStart, end);
  }

  /** A number in the form that protobuf gives it. */
  public static byte[] encodeVarint(long value) {
    byte[] encoded = new byte[10];
    int size = 0;
    long rest = value;
    do {
      encoded[size++] = (byte) ((rest & 0x7f) | (rest >>> 7 == 0 ? 0 : 0x80));
      rest >>>= 7;
    } while (rest != 0);
    return Arrays.copyOf(encoded, size);
  }

  /** A field that holds bytes, a text or a message. */
  public static byte[] encode(int number, byte[] value) {
    return join(encodeVarint((long) number << 3 | DELIMITED), encodeVarint(value.length), value);
  }

  /** A field that holds a number. */
  public static byte[] encode(int number, long value) {
    return join(encodeVarint((long) number << 3), encodeVarint(value));
  }

  /** Bytes one behind the other. */
  public static byte[] join(byte[]... parts) {
    byte[] joined = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, joined, at, part.length);
      at += part.length;
    }
    return joined;
  }

  private static long varint(byte[] bytes, int position, int to) {
    long value = 0;
    int size = varintSize(bytes, position, to);
    for (int i = 0; i < size; i++) {
      value |= (long) (bytes[position + i] & 0x7f) << (7 * i);
    }
    return value;
  }

  private static int varintSize(byte[] bytes, int position, int to) {
    int size = 1;
    while (position + size - 1 < to && bytes[position + size - 1] < 0) {
      size++;
    }
    if (size > 10 || position + size > to) {
      throw new IllegalArgumentException("No number at " + position);
    }
    return size;
  }
}
