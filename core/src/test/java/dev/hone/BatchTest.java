package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.contract.NoLeaks;
import dev.hone.contract.Samples;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoLeaks.class)
class BatchTest {
  private static String[] contents(Tensor tensor) {
    return switch (tensor.type()) {
      case STRING -> tensor.toStringArray();
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 ->
          Arrays.stream(tensor.toDoubleArray()).mapToObj(String::valueOf).toArray(String[]::new);
      default ->
          Arrays.stream(tensor.toLongArray()).mapToObj(String::valueOf).toArray(String[]::new);
    };
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void splittingAndJoiningGivesTheSameAgain(DataType type) {
    Random random = new Random(7);
    for (int round = 0; round < 20; round++) {
      int width = random.nextInt(4);
      long[] counts = {random.nextInt(4), random.nextInt(4), random.nextInt(4)};
      try (Batch whole = Batch.of("x", Samples.of(type, Arrays.stream(counts).sum(), width))) {
        List<Batch> parts = whole.split(counts);
        try (Batch joined = Batch.join(parts)) {
          assertThat(joined.get("x").shape()).isEqualTo(whole.get("x").shape());
          assertThat(contents(joined.get("x"))).isEqualTo(contents(whole.get("x")));
        } finally {
          parts.forEach(Batch::close);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void aSliceHasItsRows(DataType type) {
    try (Batch whole = Batch.of("x", Samples.of(type, 5, 3));
        Batch slice = whole.slice(1, 4)) {
      assertThat(slice.rows()).isEqualTo(3);
      assertThat(contents(slice.get("x")))
          .isEqualTo(Arrays.copyOfRange(contents(whole.get("x")), 3, 12));
    }
  }

  @Test
  void rowsThatAreNotThereAreRefused() {
    try (Batch batch = Batch.of("x", Tensor.of(new float[3]))) {
      assertThatThrownBy(() -> batch.slice(2, 4))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Rows 2 to 4 are not in a batch of 3 rows.");
      assertThatThrownBy(() -> batch.split(1, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("The counts [1, 1] do not add up to the 3 rows of this batch.");
      assertThatThrownBy(() -> batch.split(4, -1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void tensorsThatDoNotFitAreNotJoined() {
    try (Batch two = Batch.of("x", Tensor.of(new float[2], 1, 2));
        Batch three = Batch.of("x", Tensor.of(new float[3], 1, 3));
        Batch more = Batch.of("x", Tensor.of(new float[2], 1, 2), "y", Tensor.scalar(1f))) {
      assertThatThrownBy(() -> Batch.join(List.of(two, three)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'x'", "FLOAT32[1, 2], FLOAT32[1, 3]", "Batch.pad");
      assertThatThrownBy(() -> Batch.join(List.of(two, more)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("same names", "[x]", "[x, y]");
      assertThatThrownBy(() -> Batch.join(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatIsClosedIsNeitherCutNorJoinedAndNothingIsLeftBehind() {
    Tensor open = Tensor.of(new float[4], 2, 2);
    Tensor closed = Tensor.of(new float[4], 2, 2);
    closed.close();
    try (Batch batch = Batch.of("a", open, "b", closed)) {
      assertThatThrownBy(() -> batch.slice(0, 1)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> batch.split(1, 1)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> Batch.join(List.of(batch, batch)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aNameThatOccursTwiceIsRefused() {
    try (Tensor tensor = Tensor.scalar(1f)) {
      assertThatThrownBy(() -> Batch.of("x", tensor, "x", tensor))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'x' occurs twice in [x, x]");
      assertThatThrownBy(() -> Batch.of(List.of("x", "y"), List.of(tensor)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("2 names and 1 tensors");
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  void nullIsRefused() {
    assertThatThrownBy(() -> Batch.of("x", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "A batch needs a name and a tensor at each place, but has 'x' with null. Leave the"
                + " tensor out instead.");
    assertThatThrownBy(() -> Tensor.of(new String[] {"a", null}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be null, but element 1 is");
  }

  @Test
  void otherTensorsTakeTheNamesOfABatch() {
    Tensor x = Tensor.of(new float[] {3}, 1, 1);
    Tensor y = Tensor.of(new float[] {4}, 1, 1);
    try (Batch first =
            Batch.of("x", Tensor.of(new float[] {1}, 1, 1), "y", Tensor.of(new float[] {2}, 1, 1));
        Batch second = first.withTensors(x, y)) {
      assertThat(second.names()).containsExactly("x", "y");
      assertThat(second.get("x")).isSameAs(x);
      assertThat(second.get("y")).isSameAs(y);
      assertThatThrownBy(() -> first.withTensors(x))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("each of the names [x, y]");
    }
  }

  @Test
  void aMissingNameIsRefused() {
    try (Batch batch = Batch.of("x", Tensor.scalar(1f))) {
      assertThat(batch.indexOf("y")).isEqualTo(-1);
      assertThatThrownBy(() -> batch.get("y"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("No tensor is named 'y'; this batch has [x].");
    }
    assertThat(Batch.of(Map.of()).rows()).isZero();
  }

  @Test
  void rowsOfAnyLengthArePadded() {
    assertThat(Batch.pad(new long[][] {{1}, {2, 3}, {}}, 9))
        .isEqualTo(new long[][] {{1, 9}, {2, 3}, {9, 9}});
  }
}
