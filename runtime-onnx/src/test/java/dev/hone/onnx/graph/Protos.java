package dev.hone.onnx.graph;

import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.hone.HoneException.ModelException;
import dev.hone.Model;
import dev.hone.ModelSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert;
import org.jspecify.annotations.Nullable;

/** Messages of {@code onnx.proto} as bytes, sound or not: nothing here checks anything. */
final class Protos {
  private static final int FLOAT = 1;

  private Protos() {}

  static byte[] text(int number, String value) {
    return encode(number, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A model of IR 10 and opset 21 around the fields of a graph. */
  static byte[] model(byte[]... graphFields) {
    return join(encode(1, 10), opset("", 21), encode(7, join(text(2, "main"), join(graphFields))));
  }

  /** An entry of the operator sets, as a field of the model. */
  static byte[] opset(String domain, long version) {
    return encode(8, join(text(1, domain), encode(2, version)));
  }

  /** A node, as a field of a graph. */
  static byte[] node(String op, String output, String... inputs) {
    return encode(1, nodeMessage(op, output, inputs));
  }

  /** A node with more fields, as a field of a graph. */
  static byte[] nodeWith(byte[] more, String op, String output, String... inputs) {
    return encode(1, join(nodeMessage(op, output, inputs), more));
  }

  static byte[] nodeMessage(String op, String output, String... inputs) {
    byte[][] names = Arrays.stream(inputs).map(input -> text(1, input)).toArray(byte[][]::new);
    return join(join(names), text(2, output), text(4, op));
  }

  /** An input of one row of two floats. */
  static byte[] input(String name) {
    return encode(11, valueInfo(name, 1, 2));
  }

  /** An output of one row of two floats. */
  static byte[] output(String name) {
    return output(name, 1, 2);
  }

  /** An output of floats of this shape. */
  static byte[] output(String name, long... dims) {
    return encode(12, valueInfo(name, dims));
  }

  private static byte[] valueInfo(String name, long... dims) {
    byte[][] lengths =
        Arrays.stream(dims).mapToObj(n -> encode(1, encode(1, n))).toArray(byte[][]::new);
    byte[] shape = join(lengths);
    return join(text(1, name), encode(2, encode(1, join(encode(1, FLOAT), encode(2, shape)))));
  }

  /** A tensor of this element type. */
  static byte[] tensor(String name, int type, long[] dims, byte[] more) {
    byte[][] lengths = Arrays.stream(dims).mapToObj(n -> encode(1, n)).toArray(byte[][]::new);
    return join(join(lengths), encode(2, type), text(8, name), more);
  }

  /** A weight of one row of two floats. */
  static byte[] weight(String name) {
    return encode(5, tensor(name, FLOAT, new long[] {1, 2}, encode(9, new byte[8])));
  }

  /** A weight of one row of two floats in a file; entries are keys and values in turn. */
  static byte[] externalWeight(String name, String... entries) {
    byte[][] pairs = new byte[entries.length / 2][];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = encode(13, join(text(1, entries[2 * i]), text(2, entries[2 * i + 1])));
    }
    byte[] where = join(join(pairs), encode(14, 1));
    return encode(5, tensor(name, FLOAT, new long[] {1, 2}, where));
  }

  /** {@code y = x + w} with this weight. */
  static byte[] adding(byte[] weight) {
    return model(input("x"), weight, node("Add", "y", "x", "w"), output("y"));
  }

  /** The message with which bytes are refused; fails if they are not. */
  static String refusal(byte[] model) {
    return refusal(model, null);
  }

  /** The message with which bytes are refused that have a folder. */
  static String refusal(byte[] model, @Nullable Path folder) {
    return refusal(() -> Model.load(new ModelSource.OfBytes(ByteBuffer.wrap(model), "m", folder)));
  }

  /** The message of the {@link ModelException} that a call throws; fails if it throws none. */
  static String refusal(ThrowableAssert.ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    Assertions.assertThat(thrown).isInstanceOf(ModelException.class);
    return String.valueOf(thrown.getMessage());
  }
}
