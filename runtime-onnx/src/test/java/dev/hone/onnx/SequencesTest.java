package dev.hone.onnx;

import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Kind;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sequences and optional values as inputs and outputs. */
@ExtendWith(NoLeaks.class)
class SequencesTest {
  private static final int FLOAT = 1;
  private static final byte[] TENSOR = encode(1, encode(1, FLOAT));
  private static final byte[] PAIR =
      encode(1, join(encode(1, FLOAT), encode(2, encode(1, encode(1, 2)))));
  private static final byte[] SEQUENCE = encode(4, encode(1, TENSOR));
  private static final byte[] BOOL = encode(1, join(encode(1, 9), encode(2, new byte[0])));

  /** {@code out} is {@code list} with {@code t} behind it; {@code all} joins its elements. */
  private static final Model INSERT =
      model(
          join(
              node("SequenceInsert", "out", "list", "t"),
              encode(1, join(nodeFields("ConcatFromSequence", "all", "out"), axis(0)))),
          join(input("list", SEQUENCE), input("t", TENSOR)),
          join(output("out", SEQUENCE), output("all", TENSOR)));

  /** {@code there} says whether {@code maybe} is, and {@code same} is it. */
  private static final Model OPTIONAL = optional(PAIR);

  private static final Model OPTIONAL_SEQUENCE = optional(SEQUENCE);

  private static Model optional(byte[] type) {
    return model(
        join(node("OptionalHasElement", "there", "maybe"), node("Identity", "same", "maybe")),
        input("maybe", encode(9, encode(1, type))),
        join(output("there", BOOL), output("same", encode(9, encode(1, type)))));
  }

  private static Model model(byte[] nodes, byte[] inputs, byte[] outputs) {
    byte[] graph = join(nodes, text(2, "g"), inputs, outputs);
    return Model.load(join(encode(1, 8), encode(7, graph), encode(8, encode(2, 18))));
  }

  private static byte[] node(String op, String output, String... inputs) {
    return encode(1, nodeFields(op, output, inputs));
  }

  private static byte[] nodeFields(String op, String output, String... inputs) {
    byte[] fields = join(text(2, output), text(4, op));
    for (String input : inputs) {
      fields = join(fields, text(1, input));
    }
    return fields;
  }

  private static byte[] axis(long axis) {
    return encode(5, join(text(1, "axis"), encode(3, axis), encode(20, 2)));
  }

  private static byte[] input(String name, byte[] type) {
    return encode(11, join(text(1, name), encode(2, type)));
  }

  private static byte[] output(String name, byte[] type) {
    return encode(12, join(text(1, name), encode(2, type)));
  }

  private static byte[] text(int number, String text) {
    return encode(number, text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void theElementsOfASequenceAreNamedByTheirNumbers() {
    try (Session session = Session.open(INSERT)) {
      Batch out;
      try (Batch in =
          Batch.of(
              "list[0]", Tensor.of(new float[] {1, 2}),
              "list[1]", Tensor.of(new float[] {3}),
              "t", Tensor.of(new float[] {4, 5}))) {
        out = session.run(in);
      }
      try (out) { // the inputs are gone: the results must not lie in them
        assertThat(out.names()).containsExactly("out[0]", "out[1]", "out[2]", "all");
        assertThat(out.get("out[0]").toFloatArray()).containsExactly(1, 2);
        assertThat(out.get("out[1]").toFloatArray()).containsExactly(3);
        assertThat(out.get("out[2]").toFloatArray()).containsExactly(4, 5);
        assertThat(out.get("all").toFloatArray()).containsExactly(1, 2, 3, 4, 5);
      }
    }
  }

  @Test
  void theElementsMayStandAnywhereInTheBatch() {
    try (Session session = Session.open(INSERT);
        Batch in =
            Batch.of(
                "list[1]", Tensor.of(new float[] {2}),
                "t", Tensor.of(new float[] {3}),
                "list[0]", Tensor.of(new float[] {1}));
        Batch out = session.runAsync(in).join()) {
      assertThat(out.get("all").toFloatArray()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aSequenceWithoutElementsIsEmpty() {
    try (Session session = Session.open(INSERT);
        Batch in = Batch.of("t", Tensor.of(new float[] {4, 5}))) {
      for (int i = 0; i < 3; i++) {
        try (Batch out = session.run(in)) {
          assertThat(out.names()).containsExactly("out[0]", "all");
          assertThat(out.get("all").toFloatArray()).containsExactly(4, 5);
        }
      }
    }
  }

  @Test
  void aTensorMadeOfASequenceCanBeBrought() {
    try (Session session = Session.open(INSERT);
        Batch in =
            Batch.of("list[0]", Tensor.of(new float[] {1, 2}), "t", Tensor.of(new float[] {3}));
        Batch out = Batch.of("all", Tensor.allocate(DataType.FLOAT32, Shape.of(3)))) {
      session.run(in, out);
      assertThat(out.get("all").toFloatArray()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aSequenceThatIsAResultCannotBeBrought() {
    try (Session session = Session.open(INSERT);
        Batch in = Batch.of("t", Tensor.of(new float[] {3}));
        Batch out = Batch.of("out", Tensor.allocate(DataType.FLOAT32, Shape.of(3)))) {
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The output 'out' is of kind SEQUENCE, but a batch holds tensors only. Leave it out,"
                  + " or let run(in) make tensors of it.");
    }
  }

  @Test
  void anOptionalTensorThatIsLeftOutIsAbsent() {
    assertThat(OPTIONAL.signature().inputs().toString()).isEqualTo("[maybe FLOAT32[2] (optional)]");
    try (Session session = Session.open(OPTIONAL);
        Batch none = Batch.of(Map.of());
        Batch one = Batch.of("maybe", Tensor.of(new float[] {1, 2}));
        Batch ofNone = session.run(none);
        Batch ofOne = session.run(one)) {
      assertThat(ofNone.names()).containsExactly("there");
      assertThat(ofNone.get("there").toByteArray()).containsExactly(0);
      assertThat(ofOne.names()).containsExactly("there", "same");
      assertThat(ofOne.get("there").toByteArray()).containsExactly(1);
      assertThat(ofOne.get("same").toFloatArray()).containsExactly(1, 2);
    }
  }

  @Test
  void anOptionalSequenceThatIsLeftOutIsAbsent() {
    assertThat(OPTIONAL_SEQUENCE.signature().inputs().get(0).kind()).isEqualTo(Kind.SEQUENCE);
    try (Session session = Session.open(OPTIONAL_SEQUENCE);
        Batch none = Batch.of(Map.of());
        Batch two =
            Batch.of("maybe[0]", Tensor.of(new float[] {1}), "maybe[1]", Tensor.of(new float[2]));
        Batch ofNone = session.run(none);
        Batch ofTwo = session.run(two)) {
      assertThat(ofNone.names()).containsExactly("there");
      assertThat(ofNone.get("there").toByteArray()).containsExactly(0);
      assertThat(ofTwo.names()).containsExactly("there", "same[0]", "same[1]");
    }
  }

  @Test
  void anOptionalResultCannotBeBrought() {
    try (Session session = Session.open(OPTIONAL);
        Batch in = Batch.of(Map.of());
        Batch out = Batch.of("same", Tensor.allocate(DataType.FLOAT32, Shape.of(2)))) {
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The output 'same' is optional: a run may give no value for it, so none can be brought"
                  + " to be written into. Leave it out, or let run(in) make it.");
    }
  }

  @Test
  void anOptionalResultThatIsNotThereCanBeAskedFor() {
    try (Session session = Session.open(OPTIONAL);
        Batch in = Batch.of(Map.of());
        Batch out = session.run(in, RunOptions.DEFAULT.withOutputs("same"))) {
      assertThat(out.size()).isZero();
    }
  }
}
