package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.memory.Memory;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InputCheckTest {
  private static final Dimension BATCH = Dimension.of("batch");
  private static final Signature SIGNATURE =
      new Signature(
          List.of(
              Value.tensor("a", DataType.FLOAT32, BATCH, Dimension.of(3)),
              Value.tensor("b", DataType.INT64, BATCH, Dimension.unknown()),
              new Value("c", Signature.Kind.TENSOR, DataType.BOOL, null, true)),
          List.of(
              Value.tensor("y", DataType.FLOAT32, BATCH, Dimension.of(5)),
              Value.tensor("z", DataType.FLOAT32, BATCH, Dimension.of("found"))));

  private final InputCheck check = new InputCheck(SIGNATURE);
  private final int[] inputs = new int[check.inputCount()];
  private final int[] outputs = new int[check.outputCount()];
  private final long[] lengths = new long[check.symbolCount()];

  private static Tensor a(long rows) {
    return Tensor.allocate(DataType.FLOAT32, Shape.of(rows, 3));
  }

  private static Tensor b(long rows) {
    return Tensor.allocate(DataType.INT64, Shape.of(rows, 7));
  }

  private void refuses(Batch in, String... messageParts) {
    try (in) {
      assertThatThrownBy(() -> check.resolve(in, inputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(messageParts);
    }
  }

  private void refusesOutput(Batch out, String... messageParts) {
    try (Batch in = Batch.of("a", a(2), "b", b(2));
        out) {
      check.resolve(in, inputs, lengths);
      assertThatThrownBy(() -> check.resolveOutputs(out, outputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(messageParts);
    }
  }

  @Test
  void inputsAreFoundInAnyOrder() {
    try (Batch in = Batch.of("b", b(2), "c", Tensor.of(new boolean[] {true}), "a", a(2))) {
      check.resolve(in, inputs, lengths);
      assertThat(inputs).containsExactly(2, 0, 1);
    }
  }

  @Test
  void anOptionalInputMayBeLeftOut() {
    try (Batch in = Batch.of("a", a(2), "b", b(2))) {
      check.resolve(in, inputs, lengths);
      assertThat(inputs).containsExactly(0, 1, InputCheck.ABSENT);
    }
  }

  @Test
  void theInputsSettleTheShapesOfOutputs() {
    try (Batch in = Batch.of("a", a(4), "b", b(4))) {
      check.resolve(in, inputs, lengths);
      assertThat(check.outputShape(0, lengths)).isEqualTo(Shape.of(4, 5));
      assertThat(check.outputShape(1, lengths)).as("'found' is in no input").isNull();
    }
  }

  @Test
  void anUnknownNameIsRefused() {
    refuses(
        Batch.of("a", a(2), "b", b(2), "d", b(2)),
        "no input 'd'",
        "a FLOAT32[batch, 3], b INT64[batch, ?], c BOOL[...] (optional)",
        "the batch has [a, b, d]");
  }

  @Test
  void aMissingInputIsRefused() {
    refuses(Batch.of("a", a(2)), "input b INT64[batch, ?] is missing", "has [a]", "Add");
  }

  @Test
  void aWrongTypeIsRefused() {
    refuses(
        Batch.of("a", Tensor.of(new double[6], 2, 3), "b", b(2)),
        "input must be a FLOAT32[batch, 3], but is FLOAT64[2, 3]",
        "Tensor.of(float[], shape)");
  }

  @Test
  void aWrongRankIsRefused() {
    refuses(
        Batch.of("a", Tensor.of(new float[3]), "b", b(2)),
        "input must be a FLOAT32[batch, 3], but is FLOAT32[3]",
        "needs 2 dimensions, but has 1",
        "a single row is a dimension of length 1");
  }

  @Test
  void whereASingleValueIsWantedItIsToldHowToMakeOne() {
    Signature scalar =
        new Signature(List.of(Signature.Value.tensor("s", DataType.FLOAT32)), List.of());
    try (Batch in = Batch.of("s", Tensor.of(new float[] {1}))) {
      assertThatThrownBy(() -> new InputCheck(scalar).resolve(in, new int[1], new long[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The input must be s FLOAT32[], but is FLOAT32[1]. It needs 0 dimensions, but has 1."
                  + " Tensor.scalar makes a tensor of a single value.");
    }
  }

  @Test
  void aWrongFixedLengthIsRefused() {
    refuses(
        Batch.of("a", Tensor.of(new float[8], 2, 4), "b", b(2)),
        "input must be a FLOAT32[batch, 3], but is FLOAT32[2, 4]",
        "Dimension 1 must be 3, but is 4",
        "Pad, cut or reshape");
  }

  @Test
  void anArrayWithoutRowsIsRefusedWithTheWayToMakeAnEmptyTensor() {
    refuses(
        Batch.of("a", Tensor.of(new float[0][]), "b", b(0)),
        "but is FLOAT32[0, 0]",
        "An array without rows does not say how long a row is",
        "Tensor.allocate");
  }

  @Test
  void zeroRowsAreTaken() {
    try (Batch in = Batch.of("a", a(0), "b", b(0))) {
      check.resolve(in, inputs, lengths);
      assertThat(check.outputShape(0, lengths)).isEqualTo(Shape.of(0, 5));
    }
  }

  @Test
  void inputsThatDisagreeOnASymbolicDimensionAreRefused() {
    refuses(
        Batch.of("a", a(2), "b", b(3)),
        "input must be b INT64[batch, ?], but is INT64[3, 7]",
        "Dimension 0, 'batch', is 3 here, but was 2 before",
        "[a, b, y, z] share it",
        "Give it one length");
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  void nullIsRefused() {
    assertThatThrownBy(() -> check.resolve(null, inputs, lengths))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("inputs", "must be a Batch, but are null", "Batch.of(Map.of())");
  }

  private static InputCheck ofList(Signature.Kind kind) {
    Value list = new Value("s", kind, DataType.INT64, null, false);
    return new InputCheck(new Signature(List.of(list), List.of()));
  }

  private static String refusedList(Signature.Kind kind, Batch batch) {
    try (batch) {
      Throwable thrown = catchThrowable(() -> ofList(kind).resolve(batch, new int[1], new long[0]));
      assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
      return String.valueOf(thrown.getMessage());
    }
  }

  @Test
  void theElementsOfASequenceAreTensorsOfAnyShape() {
    int[] position = {7};
    try (Batch two = Batch.of("s[0]", b(1), "s[1]", Tensor.of(new long[] {5}));
        Batch none = Batch.of(Map.of())) {
      ofList(Signature.Kind.SEQUENCE).resolve(two, position, new long[0]);
      assertThat(position).containsExactly(InputCheck.ABSENT);
      ofList(Signature.Kind.SEQUENCE).resolve(none, position, new long[0]);
    }
  }

  @Test
  void aTensorInPlaceOfASequenceIsRefused() {
    assertThat(refusedList(Signature.Kind.SEQUENCE, Batch.of("s", b(1))))
        .isEqualTo(
            "The input 's' is of kind SEQUENCE, but a batch holds tensors only. Name its elements"
                + " 's[0]', 's[1]' and so on.");
  }

  @Test
  void aTensorInPlaceOfAMapIsRefused() {
    assertThat(refusedList(Signature.Kind.MAP, Batch.of("s", b(1))))
        .isEqualTo(
            "The input 's' is of kind MAP, but a batch holds tensors only. Change the model so that"
                + " it takes tensors.");
  }

  @Test
  void elementsOfAnotherTypeAreRefused() {
    assertThat(
            refusedList(
                Signature.Kind.SEQUENCE,
                Batch.of("s[0]", b(1), "s[1]", Tensor.of(new float[] {1, 2}))))
        .isEqualTo(
            "The elements of the input s SEQUENCE of INT64[...] must be of INT64, but 's[1]' is"
                + " FLOAT32[2]. Use a tensor of INT64.");
  }

  @Test
  void elementsWithAGapAreRefused() {
    assertThat(refusedList(Signature.Kind.SEQUENCE, Batch.of("s[0]", b(1), "s[2]", b(1))))
        .isEqualTo(
            "The elements of the input s SEQUENCE of INT64[...] must be numbered from 0 without a"
                + " gap, but 's[2]' has no element before it: the batch has [s[0], s[2]]. Number"
                + " them in order.");
  }

  @Test
  void anUnknownNameBesideASequenceIsRefused() {
    assertThat(refusedList(Signature.Kind.SEQUENCE, Batch.of("s[0]", b(1), "t[0]", b(1))))
        .isEqualTo(
            "The model has no input 't[0]'. It takes s SEQUENCE of INT64[...]; the batch has"
                + " [s[0], t[0]].");
  }

  @Test
  void aModelWithoutInputsTakesAnEmptyBatch() {
    InputCheck none = new InputCheck(new Signature(List.of(), SIGNATURE.outputs()));
    try (Batch in = Batch.of(Map.of());
        Batch extra = Batch.of("x", b(1))) {
      none.resolve(in, new int[0], lengths);
      assertThatThrownBy(() -> none.resolve(extra, new int[0], lengths))
          .hasMessageContaining("no input 'x'. It takes none;");
    }
  }

  @Test
  void outputsAreFoundInAnyOrderAndMayBeLeftOut() {
    try (Batch in = Batch.of("a", a(2), "b", b(2));
        Batch out = Batch.of("z", Tensor.allocate(DataType.FLOAT32, Shape.of(2, 9)))) {
      check.resolve(in, inputs, lengths);
      check.resolveOutputs(out, outputs, lengths);
      assertThat(outputs).containsExactly(InputCheck.ABSENT, 0);
    }
  }

  @Test
  void anOutputMustHaveTheShapeThatTheInputsLeadTo() {
    refusesOutput(
        Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(3, 5))),
        "output must be y FLOAT32[batch, 5], but is FLOAT32[3, 5]",
        "'batch', is 3 here, but was 2 before");
    refusesOutput(
        Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(2, 6))),
        "Dimension 1 must be 5, but is 6");
    refusesOutput(Batch.of("y", b(2)), "output must be y FLOAT32[batch, 5], but is INT64[2, 7]");
  }

  @Test
  void anOutputThatMayOnlyBeReadIsRefused() {
    ByteBuffer readOnly =
        ByteBuffer.allocateDirect(40).asReadOnlyBuffer().order(ByteOrder.nativeOrder());
    refusesOutput(
        Batch.of("y", Tensor.wrap(DataType.FLOAT32, Shape.of(2, 5), readOnly)),
        "output 'y'",
        "read-only",
        "asReadOnlyBuffer");
  }

  @Test
  void outputsThatTheModelDoesNotGiveAreRefused() {
    refusesOutput(
        Batch.of("q", b(2)), "no output 'q'", "It gives y FLOAT32[batch, 5], z", "has [q]");
    refusesOutput(Batch.of(Map.of()), "at least one output", "gives y FLOAT32[batch, 5]");
  }

  @Test
  void outputsHaveNumbers() {
    assertThat(check.output("z")).isEqualTo(1);
    assertThatThrownBy(() -> check.output("q"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("no output 'q'", "It gives y FLOAT32[batch, 5], z FLOAT32");
  }

  @Test
  void aBatchThatPassesCostsNoAllocation() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Batch in = Batch.of("b", b(2), "a", a(2));
        Batch out =
            Batch.of(
                "y",
                Tensor.allocate(DataType.FLOAT32, Shape.of(2, 5)),
                "z",
                Tensor.allocate(DataType.FLOAT32, Shape.of(2, 1)))) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) { // the first loads classes
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
          check.resolve(in, inputs, lengths);
          check.resolveOutputs(out, outputs, lengths);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isLessThan(1000); // less than a byte for each call
    }
  }

  @Test
  void outputsMayShareNoMemoryOfADeviceEither() {
    InputCheck onGpu = new InputCheck(SIGNATURE, Device.cuda(0));
    try (Batch in = Batch.of("a", a(2), "b", b(2));
        Batch same = Batch.of("y", onDevice("cuda:0", 2, 5), "z", onDevice("cuda:0", 2, 1));
        Batch apart = Batch.of("y", onDevice("cuda:0", 2, 5), "z", Tensor.of(new float[2], 2, 1))) {
      onGpu.resolve(in, inputs, lengths);
      assertThatThrownBy(() -> onGpu.resolveOutputs(same, outputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'y' and 'z'", "the same memory", "Bring a tensor");
      onGpu.resolveOutputs(apart, outputs, lengths);
    }
  }

  private static Tensor onDevice(String device, long... shape) {
    Shape of = Shape.of(shape);
    long bytes = DataType.FLOAT32.byteSize(of.elementCount());
    return Tensor.of(DataType.FLOAT32, of, Memory.adoptOnDevice(device, 0x700000, bytes, () -> {}));
  }

  @Test
  void aTensorOfADeviceIsTakenOnThatDeviceAlone() {
    InputCheck onGpu = new InputCheck(SIGNATURE, Device.cuda(0));
    try (Batch here = Batch.of("a", onDevice("cuda:0", 2, 3), "b", b(2));
        Batch there = Batch.of("a", onDevice("cuda:1", 2, 3), "b", b(2));
        Batch out = Batch.of("y", onDevice("cuda:0", 2, 5))) {
      onGpu.resolve(here, inputs, lengths);
      onGpu.resolveOutputs(out, outputs, lengths);
      assertThatThrownBy(() -> onGpu.resolve(there, inputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("input 'a'", "of the host or of cuda:0", "lies on cuda:1");
      assertThatThrownBy(() -> check.resolve(here, inputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("memory of the host, but lies on cuda:0", "GpuMemory");
      assertThatThrownBy(() -> check.resolveOutputs(out, outputs, lengths))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("output 'y'");
    }
  }

  @Test
  void elementsOfASequenceMayNotLieOnADeviceEither() {
    Value list = new Value("s", Signature.Kind.SEQUENCE, DataType.FLOAT32, null, false);
    InputCheck sequences = new InputCheck(new Signature(List.of(list), List.of()));
    try (Batch in = Batch.of("s[0]", onDevice("cuda:0", 2))) {
      assertThatThrownBy(() -> sequences.resolve(in, new int[1], new long[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("lies on cuda:0");
    }
  }

  @Test
  void whoBringsAnotherTypeIsToldWhatMakesTheRightOne() {
    Tensor ints = Tensor.of(new int[][] {{101, 102}});
    refuses(
        Batch.of("a", a(1), "b", ints),
        "is INT32[1, 2]. Use a tensor of INT64: Tensor.of(long[], shape) makes one.");
    refuses(Batch.of("a", b(1), "b", b(1)), "FLOAT32: Tensor.of(float[], shape) makes one.");
    refuses(
        Batch.of("a", a(1), "b", b(1), "c", b(1)), "BOOL: Tensor.of(boolean[], shape) makes one.");
  }

  @Test
  void typesWithoutAnArrayOfTheirOwnAreMadeOfWiderOnes() {
    for (DataType type : DataType.values()) {
      Signature signature =
          new Signature(List.of(Value.tensor("x", type, Dimension.of(3))), List.of());
      DataType other = type == DataType.INT16 ? DataType.INT32 : DataType.INT16;
      try (Batch in = Batch.of("x", Tensor.allocate(other, Shape.of(3)))) {
        InputCheck strict = new InputCheck(signature);
        assertThatThrownBy(() -> strict.resolve(in, new int[1], new long[0]))
            .hasMessageContaining("Use a tensor of " + type + ": Tensor.");
      }
    }
  }
}
