package dev.hone.onnx.ort;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtSession;
import org.bytedeco.onnxruntime.OrtSessionOptions;
import org.bytedeco.onnxruntime.OrtValue;

/**
 * Makes a sequence without elements. The C API makes sequences of at least one, but the operator
 * {@code SequenceEmpty} gives one of none: so a model of that one node, written here in the format
 * of {@code onnx.proto}, is run.
 */
final class EmptySequence {
  private static final int IR_VERSION = 6;
  private static final int OPSET = 11; // the first with sequences
  private static final int INT = 2; // an AttributeProto.AttributeType
  private static final int VARINT = 0;
  private static final int DELIMITED = 2;
  private static final String OUTPUT = "empty";

  private EmptySequence() {}

  /** A sequence of tensors of this element type; the caller releases it. */
  static OrtValue make(OrtLibrary library, int elementType) {
    byte[] model = model(elementType);
    OrtSessionOptions options =
        new OrtSessionOptions(library.created(library.api::CreateSessionOptions));
    try (BytePointer bytes = new BytePointer(model)) {
      library.check(library.api.SetIntraOpNumThreads(options, 1));
      OrtSession session =
          new OrtSession(
              library.created(
                  out ->
                      library.api.CreateSessionFromArray(
                          library.env, bytes, model.length, options, out)));
      try {
        return run(library, session);
      } finally {
        library.api.ReleaseSession(session);
      }
    } finally {
      library.api.ReleaseSessionOptions(options);
    }
  }

  private static OrtValue run(OrtLibrary library, OrtSession session) {
    try (BytePointer name = Names.cString(OUTPUT);
        PointerPointer<Pointer> none = new PointerPointer<>(1);
        PointerPointer<Pointer> names = new PointerPointer<>(1);
        PointerPointer<Pointer> values = new PointerPointer<>(1)) {
      names.put(0, name);
      values.put(0, (Pointer) null);
      library.check(library.api.Run(session, null, none, none, 0, names, 1, values));
      return new OrtValue(values.get(Pointer.class, 0));
    }
  }

  private static byte[] model(int elementType) {
    byte[] attribute = join(text(1, "dtype"), number(3, elementType), number(20, INT));
    byte[] node = join(text(2, OUTPUT), text(4, "SequenceEmpty"), field(5, attribute));
    byte[] tensorType = field(1, number(1, elementType));
    byte[] sequenceType = field(4, field(1, tensorType));
    byte[] output = join(text(1, OUTPUT), field(2, sequenceType));
    byte[] graph = join(field(1, node), text(2, OUTPUT), field(12, output));
    return join(number(1, IR_VERSION), field(7, graph), field(8, number(2, OPSET)));
  }

  private static byte[] text(int number, String text) {
    return field(number, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** A field of fewer than 128 bytes, as all are here: its length takes one byte. */
  private static byte[] field(int number, byte[] bytes) {
    return join(tag(number, DELIMITED), new byte[] {(byte) bytes.length}, bytes);
  }

  private static byte[] number(int number, int value) {
    return join(tag(number, VARINT), new byte[] {(byte) value});
  }

  private static byte[] tag(int number, int wireType) {
    int tag = number << 3 | wireType;
    return tag < 0x80 ? new byte[] {(byte) tag} : new byte[] {(byte) (tag | 0x80), 1};
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
