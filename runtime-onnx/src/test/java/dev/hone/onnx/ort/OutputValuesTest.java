package dev.hone.onnx.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of values that ONNX Runtime made, where something is in the way. */
@ExtendWith(NoLeaks.class)
class OutputValuesTest {
  private static final long TOO_MANY = 1L << 55;

  private final OrtLibrary library = OrtLibrary.get();

  private OrtValue allocated(DataType type, long... shape) {
    try (LongPointer dimensions = new LongPointer(shape)) {
      return new OrtValue(
          library.created(
              out ->
                  library.api.CreateTensorAsOrtValue(
                      library.allocator, dimensions, shape.length, ElementTypes.code(type), out)));
    }
  }

  /** A value that claims to be of this many bytes. */
  private OrtValue claimed(BytePointer at, long bytes) {
    try (LongPointer dimensions = new LongPointer(new long[] {bytes})) {
      return new OrtValue(
          library.created(
              out ->
                  library.api.CreateTensorWithDataAsOrtValue(
                      library.hostMemory,
                      at,
                      bytes,
                      dimensions,
                      1,
                      ElementTypes.code(DataType.UINT8),
                      out)));
    }
  }

  private Batch take(long borrowed, OrtValue... values) {
    List<String> names = List.of("a", "b", "c").subList(0, values.length);
    try (PointerPointer<Pointer> pointers = new PointerPointer<>(values)) {
      return new OutputValues(library, address -> address == borrowed).take(names, pointers);
    }
  }

  @Test
  void aCopyThatNoMemoryIsLeftForIsToldWithItsSizeAndNothingIsKept() {
    try (BytePointer input = new BytePointer(8)) {
      assertThatThrownBy(
              () ->
                  take(
                      input.address(),
                      allocated(DataType.FLOAT32, 3),
                      claimed(input, TOO_MANY),
                      allocated(DataType.FLOAT32, 5)))
          .isInstanceOf(OutOfMemoryException.class)
          .hasMessage("No memory for an output of " + TOO_MANY + " bytes.")
          .hasCauseInstanceOf(OutOfMemoryError.class);
    }
  }

  @Test
  void whatIsBorrowedIsCopiedAndTheRestStaysWhereItIs() {
    try (BytePointer input = new BytePointer((byte) 4, (byte) 5)) {
      OrtValue own = allocated(DataType.UINT8, 2);
      try (Batch batch = take(input.address(), claimed(input, 2), own)) {
        Tensor copy = batch.get("a");
        input.put(0, (byte) 9);
        assertThat(copy.toLongArray()).containsExactly(4, 5);
        assertThat(batch.get("b").byteSize()).isEqualTo(2);
      }
    }
  }

  @Test
  void aTypeThatNoTensorHasIsRefusedAndNothingIsKept() {
    OrtValue eights = ofEights();
    assertThatThrownBy(() -> take(0, allocated(DataType.FLOAT32, 3), eights))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("ONNX type 17", "RunOptions.withOutputs");
  }

  private OrtValue ofEights() {
    int float8 = 17;
    try (LongPointer dimensions = new LongPointer(new long[] {1})) {
      return new OrtValue(
          library.created(
              out ->
                  library.api.CreateTensorAsOrtValue(
                      library.allocator, dimensions, 1, float8, out)));
    }
  }
}
