package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/**
 * Reads one protobuf message field by field. Length-delimited values come as views of the message's
 * own bytes. Every length is checked against what is left before it is used.
 *
 * <p>Source: the protobuf encoding specification. Groups, long deprecated, are refused.
 */
final class WireReader {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  /** As deep as the C++ protobuf library reads, and so as deep as any runtime would. */
  private static final int MAX_DEPTH = 100;

  private final ByteBuffer data;
  private final int end;
  private final int depth;
  private int position;
  private int fieldStart;
  private int field;
  private int wireType;

  private WireReader(ByteBuffer data, int position, int end, int depth) {
    this.data = data;
    this.position = position;
    this.end = end;
    this.depth = depth;
  }

  /** A reader of the bytes between position and limit. */
  static WireReader of(ByteBuffer message) {
    ByteBuffer view = message.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return new WireReader(view, 0, view.limit(), 0);
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() {
    if (position == end) {
      return false;
    }
    fieldStart = position;
    long tag = rawVarint();
    field = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (tag >>> 32 != 0 || field == 0) {
      throw malformed("no field can begin with the tag " + Long.toUnsignedString(tag));
    }
    return true;
  }

  /** The number of the field that {@link #next} moved to. */
  int field() {
    return field;
  }

  /** Whether the field holds bytes, a text, a message, or packed numbers. */
  boolean isDelimited() {
    return wireType == BYTES;
  }

  /** The value of a number, boolean or enum field. */
  long varint() {
    require(VARINT);
    return rawVarint();
  }

  /** The value of a {@code float} field. */
  float float32() {
    require(FIXED32);
    return Float.intBitsToFloat(rawInt());
  }

  /** The value of a bytes field. */
  ByteBuffer bytes() {
    require(BYTES);
    int length = length();
    ByteBuffer view = data.slice(position, length).order(ByteOrder.LITTLE_ENDIAN);
    position += length;
    return view;
  }

  /** The value of a string field. */
  String string() {
    ByteBuffer bytes = bytes();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw malformed("the text in it is not UTF-8");
    }
  }

  /** A reader of the value of a message field. */
  WireReader message() {
    require(BYTES);
    if (depth + 1 > MAX_DEPTH) {
      throw malformed("it lies more than " + MAX_DEPTH + " levels deep");
    }
    int length = length();
    WireReader reader = new WireReader(data, position, position + length, depth + 1);
    position += length;
    return reader;
  }

  /** Passes each value of a repeated integer field, packed or not. */
  void varints(LongConsumer action) {
    if (wireType == BYTES) {
      int length = length();
      int stop = position + length;
      while (position < stop) {
        action.accept(rawVarint());
      }
      if (position != stop) {
        throw malformed("its last number reaches beyond it");
      }
    } else {
      action.accept(varint());
    }
  }

  /** Passes the bits of each value of a repeated {@code float} field, packed or not. */
  void fixed32s(IntConsumer action) {
    if (wireType == BYTES) {
      int count = wholeElements(Integer.BYTES);
      for (int i = 0; i < count; i++) {
        action.accept(rawInt());
      }
    } else {
      require(FIXED32);
      action.accept(rawInt());
    }
  }

  /** Passes the bits of each value of a repeated {@code double} field, packed or not. */
  void fixed64s(LongConsumer action) {
    if (wireType == BYTES) {
      int count = wholeElements(Long.BYTES);
      for (int i = 0; i < count; i++) {
        action.accept(rawLong());
      }
    } else {
      require(FIXED64);
      action.accept(rawLong());
    }
  }

  /** Passes over the field and gives it as it is. */
  RawField raw() {
    skip();
    return current();
  }

  /** The field just read, as it is. */
  RawField current() {
    return new RawField(field, data.slice(fieldStart, position - fieldStart));
  }

  /** The bytes of the whole message. */
  static ByteBuffer whole(WireReader untouched) {
    return untouched.data.slice(untouched.position, untouched.end - untouched.position);
  }

  MalformedException malformed(String why) {
    return new MalformedException(
        "field " + field + " at byte " + fieldStart + " is wrong: " + why);
  }

  private void skip() {
    switch (wireType) {
      case VARINT -> rawVarint();
      case FIXED64 -> rawLong();
      case BYTES -> {
        int length = length();
        position += length;
      }
      case FIXED32 -> rawInt();
      default -> throw malformed("it has the wire type " + wireType);
    }
  }

  private void require(int expected) {
    if (wireType != expected) {
      throw malformed("its wire type is " + wireType + " instead of " + expected);
    }
  }

  private int wholeElements(int elementBytes) {
    int length = length();
    if (length % elementBytes != 0) {
      throw malformed(length + " bytes are no whole number of " + elementBytes + "-byte values");
    }
    return length / elementBytes;
  }

  private int length() {
    long length = rawVarint();
    if (length < 0 || length > end - position) {
      throw malformed(
          "it says that "
              + Long.toUnsignedString(length)
              + " bytes follow, but only "
              + (end - position)
              + " do");
    }
    return (int) length;
  }

  private long rawVarint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      requireLeft(1);
      byte next = data.get(position++);
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number in it is longer than ten bytes");
  }

  private int rawInt() {
    requireLeft(Integer.BYTES);
    position += Integer.BYTES;
    return data.getInt(position - Integer.BYTES);
  }

  private long rawLong() {
    requireLeft(Long.BYTES);
    position += Long.BYTES;
    return data.getLong(position - Long.BYTES);
  }

  private void requireLeft(int bytes) {
    if (end - position < bytes) {
      throw malformed("the data ends in the middle of it");
    }
  }
}
