package dev.hone.onnx.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExamplesTest {
  private static final Signature SIGNATURE =
      new Signature(
          List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(2))),
          List.of());

  private final List<Batch> open = new ArrayList<>();

  @AfterEach
  void close() {
    open.forEach(Batch::close);
  }

  private Batch batch(float... values) {
    Batch batch = Batch.of("x", Tensor.of(values, values.length / 2, 2));
    open.add(batch);
    return batch;
  }

  private static List<Float> firsts(Iterable<Batch> batches) {
    List<Float> firsts = new ArrayList<>();
    batches.forEach(batch -> firsts.add(batch.tensor(0).toFloatArray()[0]));
    return firsts;
  }

  private static ExampleCheck look(Iterable<Batch> batches) {
    return ExampleCheck.of("calibration", batches, SIGNATURE);
  }

  @Test
  void everyFourthBatchIsKeptForChecking() {
    List<Batch> batches = IntStream.range(0, 9).mapToObj(i -> batch(i, 0)).toList();
    try (Examples examples = Examples.divide(batches, look(batches).rows(), SIGNATURE)) {
      assertThat(firsts(examples.check())).containsExactly(3f, 7f);
      assertThat(firsts(examples.learn())).containsExactly(0f, 1f, 2f, 4f, 5f, 6f, 8f);
      assertThat(examples.checkRows()).isEqualTo(2);
      assertThat(examples.learnRows()).isEqualTo(7);
      assertThat(firsts(examples.check())).as("a second time").hasSize(2);
    }
  }

  @Test
  void ofFewBatchesTheLastQuarterOfTheRowsIsKept() {
    List<Batch> batches = List.of(batch(0, 0, 1, 0, 2, 0, 3, 0), batch(9, 9));
    try (Examples examples = Examples.divide(batches, look(batches).rows(), SIGNATURE)) {
      assertThat(firsts(examples.check())).containsExactly(3f);
      assertThat(firsts(examples.learn())).containsExactly(0f, 9f);
      assertThat(examples.learnRows()).isEqualTo(4);
    }
  }

  @Test
  void oneRowAloneIsLearnedFromAndCheckedOn() {
    List<Batch> batches = List.of(batch(1, 2));
    try (Examples examples = Examples.divide(batches, look(batches).rows(), SIGNATURE)) {
      assertThat(examples.areTheSame()).isTrue();
      assertThat(firsts(examples.check())).containsExactly(1f);
      assertThat(examples.checkRows()).isEqualTo(1);
      assertThat(examples.learnRows()).isEqualTo(1);
    }
  }

  @Test
  void aFixedNumberOfRowsIsNotDivided() {
    Signature fixed =
        new Signature(
            List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of(4), Dimension.of(2))),
            List.of());
    List<Batch> batches = List.of(batch(0, 0, 1, 0, 2, 0, 3, 0), batch(9, 0, 1, 0, 2, 0, 3, 0));
    try (Examples examples = Examples.divide(batches, List.of(4L, 4L), fixed)) {
      assertThat(firsts(examples.learn())).containsExactly(0f);
      assertThat(firsts(examples.check())).containsExactly(9f);
      assertThat(examples.checkRows()).isEqualTo(4);
      assertThat(examples.areTheSame()).isFalse();
    }
  }

  @Test
  void ofSeveralSingleRowsTheLastIsKept() {
    List<Batch> batches = List.of(batch(1, 2), batch(3, 4));
    try (Examples examples = Examples.divide(batches, look(batches).rows(), SIGNATURE)) {
      assertThat(firsts(examples.check())).containsExactly(3f);
      assertThat(firsts(examples.learn())).containsExactly(1f);
      assertThat(examples.areTheSame()).isFalse();
    }
  }

  @Test
  void theDigestTellsContentsApart() {
    String digest = look(List.of(batch(1, 2, 3, 4))).digest();
    assertThat(look(List.of(batch(1, 2, 3, 4))).digest()).isEqualTo(digest);
    assertThat(look(List.of(batch(1, 2, 3, 5))).digest()).isNotEqualTo(digest);
    assertThat(look(List.of(batch(1, 2), batch(3, 4))).digest()).isNotEqualTo(digest);
  }

  @Test
  @SuppressWarnings("StreamToIterable") // what a caller may well write
  void whatCanBeGoneThroughOnlyOnceIsRefused() {
    Stream<Batch> once = Stream.of(batch(1, 2), batch(3, 4));
    assertThatThrownBy(() -> look(once::iterator))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The calibration data can be gone through only once, but is needed several times. Give a"
                + " list, or an Iterable whose iterator() begins anew each time.")
        .hasCauseInstanceOf(IllegalStateException.class); // whose words may tell more
    Iterator<Batch> spent = List.of(batch(1, 2)).iterator();
    assertThatThrownBy(() -> look(() -> spent)).hasMessageContaining("only once");
  }

  @Test
  void aBatchThatIsNullIsRefused() {
    assertThatThrownBy(() -> look(Arrays.asList(batch(1, 2), null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Batch 1 of the calibration data must not be null. Leave it out.");
  }

  @Test
  void noBatchAtAllIsRefused() {
    assertThatThrownBy(() -> look(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The calibration data holds no batch. Give about a hundred rows that look like those to"
                + " come; a stream's iterator can be used only once, so give a list.");
  }

  @Test
  void numbersThatAreNoneAreRefused() {
    assertThatThrownBy(() -> look(List.of(batch(1, 2), batch(3, Float.NaN))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Batch 1 of the calibration data holds NaN at element 1 of 'x', from which no range can"
                + " be learned. Leave the row out, or clean it as the program does before it runs"
                + " the model.");
  }

  @Test
  void dataThatIsTheSameEverywhereIsRefused() {
    assertThatThrownBy(() -> look(List.of(batch(5, 5), batch(5, 5))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "All numbers of the calibration data are the same, so no range can be learned from it."
                + " Give rows that look like those to come.");
    assertThat(look(List.of(batch(5, 5), batch(6, 6))).totalRows()).isEqualTo(2);
  }

  @Test
  void inputsThatTheModelDoesNotTakeAreRefused() {
    Batch other = Batch.of("z", Tensor.of(new float[][] {{1, 2}}));
    open.add(other);
    assertThatThrownBy(() -> look(List.of(batch(1, 2), other)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Batch 1 of the calibration data does not fit: ")
        .hasMessageContaining("'z'");
  }

  @Test
  void aClosedBatchIsRefused() {
    Batch closed = batch(1, 2);
    closed.close();
    assertThatThrownBy(() -> look(List.of(closed)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Batch 0 of the calibration data is closed already. Close batches after the session is"
                + " open: they are borrowed until then.");
  }
}
