package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Inputs that a model does not take: refused in Java, in words that say the rule, what came and
 * what to do, and without harm to the session.
 */
public interface RefusalContract extends SessionOpener {
  /** Gives wrong inputs to a session, and then right ones. */
  private void refuses(Batch wrong, String... messageParts) {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model);
        wrong;
        Batch right = Samples.affine(2, 1)) {
      assertThatThrownBy(() -> session.run(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(messageParts);
      try (Batch out = session.run(right)) {
        model.verify(right, out);
        assertThatThrownBy(() -> session.run(wrong, out))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll(messageParts);
      }
    }
  }

  @Test
  default void anUnknownInputIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new float[3], 1, 3), "z", Tensor.scalar(1f)),
        "no input 'z'",
        "It takes x FLOAT32[batch, 3]",
        "the batch has [x, z]");
  }

  @Test
  default void aMissingInputIsRefused() {
    refuses(Batch.of(Map.of()), "input x FLOAT32[batch, 3] is missing", "the batch has []", "Add");
  }

  @Test
  default void aMisspeltInputIsRefused() {
    refuses(
        Batch.of("X", Tensor.of(new float[3], 1, 3)),
        "no input 'X'",
        "It takes x FLOAT32[batch, 3]",
        "the batch has [X]");
  }

  @Test
  default void anInputOfAnotherTypeIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new double[3], 1, 3)),
        "must be x FLOAT32[batch, 3], but is FLOAT64[1, 3]",
        "Tensor.of(float[], shape)");
  }

  @Test
  default void textInPlaceOfNumbersIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new String[] {"1", "2", "3"}, 1, 3)),
        "must be x FLOAT32[batch, 3], but is STRING[1, 3]");
  }

  @Test
  default void anInputOfAnotherRankIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new float[3])),
        "must be x FLOAT32[batch, 3], but is FLOAT32[3]",
        "needs 2 dimensions, but has 1",
        "a single row is a dimension of length 1");
  }

  @Test
  default void anInputOfAnotherLengthWhereItIsFixedIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new float[8], 2, 4)),
        "must be x FLOAT32[batch, 3], but is FLOAT32[2, 4]",
        "Dimension 1 must be 3, but is 4",
        "Pad, cut or reshape");
  }

  @Test
  default void anArrayWithoutRowsIsRefused() {
    refuses(
        Batch.of("x", Tensor.of(new float[0][])),
        "must be x FLOAT32[batch, 3], but is FLOAT32[0, 0]",
        "does not say how long a row is",
        "Tensor.allocate");
  }

  @Test
  default void inputsThatDisagreeOnASymbolicDimensionAreRefused() {
    try (Session session = open(ReferenceModel.sumAndDifference());
        Batch in = Batch.of("a", Tensor.of(new long[2]), "b", Tensor.of(new long[3]))) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "must be b INT64[n], but is INT64[3]",
              "'n', is 3 here, but was 2 before",
              "Give it one length");
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  default void nullInPlaceOfABatchIsRefused() {
    try (Session session = open(ReferenceModel.affine())) {
      assertThatThrownBy(() -> session.run(null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("must be a Batch, but are null", "Batch.of(Map.of())");
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  default void nullInPlaceOfOptionsIsRefused() {
    String rule = "The options of a run must not be null. Leave them out for the defaults.";
    try (Session session = open(ReferenceModel.affine());
        Batch in = Samples.affine(1, 1);
        Batch out = session.run(in)) {
      assertThatThrownBy(() -> session.run(in, (RunOptions) null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(rule);
      assertThatThrownBy(() -> session.run(in, out, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(rule);
      CompletableFuture<Batch> answer = session.runAsync(in, null);
      assertThatThrownBy(answer::join)
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasRootCauseMessage(rule);
    }
  }

  @Test
  default void aClosedInputIsRefused() {
    try (Session session = open(ReferenceModel.affine());
        Batch first = Samples.affine(1, 1);
        Batch out = session.run(first)) {
      Batch in = Samples.affine(1, 1);
      in.close();
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("'x' was closed before the run", "Close a batch after");
      assertThatThrownBy(() -> session.run(in, out))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'x' was closed before the run");
    }
  }
}
