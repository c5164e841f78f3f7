package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Choosing outputs, and runs into tensors that the caller brings. */
public interface OutputContract extends SessionOpener {
  /** Inputs of {@link ReferenceModel#sumAndDifference}. */
  private static Batch summands() {
    return Batch.of("a", Tensor.of(new long[] {5, 6, 7}), "b", Tensor.of(new long[] {1, 2, 30}));
  }

  private static Tensor longs(long... lengths) {
    return Tensor.allocate(DataType.INT64, Shape.of(lengths));
  }

  /** Runs {@link ReferenceModel#sumAndDifference} into outputs that do not fit. */
  private void refuses(Batch out, String... messageParts) {
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands();
        out) {
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(messageParts);
      session.run(in).close();
    }
  }

  @Test
  default void outputsComeInTheOrderOfTheSignature() {
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands();
        Batch out = session.run(in)) {
      assertThat(out.names()).containsExactly("sum", "difference");
    }
  }

  @Test
  default void chosenOutputsComeInTheOrderAskedFor() {
    ReferenceModel model = ReferenceModel.sumAndDifference();
    RunOptions options = RunOptions.DEFAULT.withOutputs("difference", "sum");
    try (Session session = open(model);
        Batch in = summands();
        Batch out = session.run(in, options)) {
      assertThat(out.names()).containsExactly("difference", "sum");
      model.verifyValues(in, out);
    }
  }

  @Test
  default void anOutputThatNobodyAskedForIsNotThere() {
    ReferenceModel model = ReferenceModel.sumAndDifference();
    RunOptions options = RunOptions.DEFAULT.withOutputs("difference");
    try (Session session = open(model);
        Batch in = summands();
        Batch out = session.run(in, options)) {
      assertThat(out.names()).containsExactly("difference");
      model.verifyValues(in, out);
    }
  }

  @Test
  default void askingForAnUnknownOutputIsRefused() {
    RunOptions options = RunOptions.DEFAULT.withOutputs("sum", "product");
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands()) {
      assertThatThrownBy(() -> session.run(in, options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "no output 'product'", "It gives sum INT64[n], difference INT64[n]");
    }
  }

  @Test
  default void outputsAreNamedByTheBatchOrByTheOptionsButNotByBoth() {
    RunOptions options = RunOptions.DEFAULT.withOutputs("sum");
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands();
        Batch out = Batch.of("sum", longs(3))) {
      assertThatThrownBy(() -> session.run(in, out, options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("those of the batch", "do not name [sum]");
    }
  }

  @Test
  default void aRunWritesIntoTensorsOfTheCaller() {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model);
        Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(4, 2)))) {
      for (int seed = 0; seed < 5; seed++) {
        try (Batch in = Samples.affine(4, seed)) {
          session.run(in, out);
          model.verify(in, out);
        }
      }
    }
  }

  @Test
  default void anotherSizeNeedsOtherTensorsAndTheSameSession() {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model)) {
      for (int rows : new int[] {1, 6, 0, 3}) {
        try (Batch in = Samples.affine(rows, 1);
            Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(rows, 2)))) {
          session.run(in, out);
          model.verify(in, out);
        }
      }
    }
  }

  @Test
  default void aRunWritesOnlyTheOutputsBrought() {
    ReferenceModel model = ReferenceModel.sumAndDifference();
    try (Session session = open(model);
        Batch in = summands();
        Batch one = Batch.of("difference", longs(3));
        Batch both = Batch.of("difference", longs(3), "sum", longs(3))) {
      session.run(in, one);
      model.verifyValues(in, one);
      session.run(in, both);
      model.verifyValues(in, both);
    }
  }

  @Test
  default void oneBatchMayTakeTheResultsOfDifferentInputs() {
    ReferenceModel model = ReferenceModel.scale();
    try (Session session = open(model);
        Batch with = Batch.of("scale", Tensor.scalar(3f), "x", Tensor.of(new float[] {1, 2}));
        Batch without = Batch.of("x", Tensor.of(new float[] {1, 2}));
        Batch out = Batch.of("y", Tensor.of(new float[2]))) {
      for (Batch in : new Batch[] {with, without, without, with}) {
        session.run(in, out);
        model.verify(in, out);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  default void everyTypeIsWrittenIntoTensorsOfTheCaller(DataType type) {
    ReferenceModel model = ReferenceModel.identity(type, Dimension.of("n"));
    try (Session session = open(model);
        Batch in = Batch.of("x", Samples.of(type, 7));
        Batch out = Batch.of("y", Tensor.allocate(type, Shape.of(7)))) {
      session.run(in, out);
      model.verify(in, out);
    }
  }

  @Test
  default void anOutputThatTheModelDoesNotGiveIsRefused() {
    refuses(
        Batch.of("product", longs(3)),
        "no output 'product'",
        "It gives sum INT64[n], difference INT64[n]");
    refuses(Batch.of(Map.of()), "at least one output", "gives sum INT64[n], difference INT64[n]");
  }

  @Test
  default void anOutputOfAnotherTypeIsRefused() {
    refuses(Batch.of("sum", Tensor.of(new float[3])), "must be sum INT64[n], but is FLOAT32[3]");
  }

  @Test
  default void anOutputOfAnotherShapeIsRefused() {
    refuses(
        Batch.of("sum", longs(4)),
        "must be sum INT64[n], but is INT64[4]",
        "'n', is 4 here, but was 3 before");
    refuses(Batch.of("sum", longs(3, 1)), "must be sum INT64[n], but is INT64[3, 1]");
  }

  @Test
  default void anOutputWhoseShapeOnlyTheRunTellsMustFitToo() {
    ReferenceModel model = ReferenceModel.positives();
    try (Session session = open(model);
        Batch in = Batch.of("x", Tensor.of(new float[] {1, -1, 2}));
        Batch tooSmall = Batch.of("y", Tensor.of(new float[1]));
        Batch tooLarge = Batch.of("y", Tensor.of(new float[3]));
        Batch right = Batch.of("y", Tensor.of(new float[2]))) {
      for (Batch wrong : new Batch[] {tooSmall, tooLarge}) {
        assertThatThrownBy(() -> session.run(in, wrong))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll("'y'", "[2]", "[" + wrong.get("y").shape().rows() + "]");
      }
      session.run(in, right);
      model.verify(in, right);
    }
  }

  @Test
  default void oneTensorForTwoOutputsIsRefused() {
    try (Tensor tensor = longs(3);
        Batch shared = Batch.of("sum", tensor.share(), "difference", tensor.share())) {
      refuses(
          Batch.of("sum", tensor, "difference", tensor),
          "'sum' and 'difference' would be written to the same memory",
          "INT64[3]");
      try (Session session = open(ReferenceModel.sumAndDifference());
          Batch in = summands()) {
        assertThatThrownBy(() -> session.run(in, shared))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("the same memory");
      }
    }
  }

  @Test
  default void outputsInPartsOfOneBufferAreWrittenUnlessTheyOverlap() {
    ReferenceModel model = ReferenceModel.sumAndDifference();
    ByteBuffer buffer = ByteBuffer.allocateDirect(48).order(ByteOrder.nativeOrder());
    Tensor first = Tensor.wrap(DataType.INT64, Shape.of(3), buffer);
    Tensor behind =
        Tensor.wrap(
            DataType.INT64, Shape.of(3), buffer.slice(24, 24).order(ByteOrder.nativeOrder()));
    try (Session session = open(model);
        Batch in = summands();
        Batch out = Batch.of("sum", first, "difference", behind)) {
      session.run(in, out);
      model.verifyValues(in, out);
    }
    refuses(
        Batch.of(
            "sum",
            Tensor.wrap(DataType.INT64, Shape.of(3), buffer),
            "difference",
            Tensor.wrap(
                DataType.INT64, Shape.of(3), buffer.slice(16, 24).order(ByteOrder.nativeOrder()))),
        "would be written to the same memory");
  }

  @Test
  default void aClosedOutputIsRefused() {
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands()) {
      Batch out = Batch.of("sum", longs(3));
      out.close();
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'sum' was closed before the run");
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  default void nullInPlaceOfOutputsIsRefused() {
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = summands()) {
      assertThatThrownBy(() -> session.run(in, (Batch) null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("outputs of a run must be a Batch, but are null");
    }
  }
}
