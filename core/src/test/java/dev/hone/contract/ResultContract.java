package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What runs give, and whose it is. */
public interface ResultContract extends SessionOpener {
  /** Runs a model once and compares with what is right. */
  private void runs(ReferenceModel model, Batch in) {
    try (Session session = open(model);
        in;
        Batch out = session.run(in)) {
      model.verify(in, out);
    }
  }

  @Test
  default void aBatchOfSeveralRowsIsComputed() {
    runs(ReferenceModel.affine(), Samples.affine(5, 1));
  }

  @Test
  default void oneSessionTakesBatchesOfAnySize() {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model)) {
      for (int rows : new int[] {1, 7, 2, 300, 1}) {
        try (Batch in = Samples.affine(rows, rows);
            Batch out = session.run(in)) {
          model.verify(in, out);
        }
      }
    }
  }

  @Test
  default void integersAreExactAndWrapAround() {
    runs(
        ReferenceModel.sumAndDifference(),
        Batch.of(
            "a", Tensor.of(new long[] {Long.MAX_VALUE, (1L << 53) + 1, -7}),
            "b", Tensor.of(new long[] {1, 1, Long.MIN_VALUE})));
  }

  @Test
  default void inputsMayComeInAnyOrder() {
    runs(
        ReferenceModel.sumAndDifference(),
        Batch.of("b", Tensor.of(new long[] {1, 2}), "a", Tensor.of(new long[] {10, 20})));
  }

  @Test
  default void anInputWithADefaultMayBeLeftOut() {
    runs(ReferenceModel.scale(), Batch.of("x", Tensor.of(new float[] {1, -2, 3})));
  }

  @Test
  default void anInputWithADefaultMayBeGiven() {
    runs(
        ReferenceModel.scale(),
        Batch.of("x", Tensor.of(new float[] {1, -2, 3}), "scale", Tensor.scalar(0.5f)));
  }

  @Test
  default void oneSessionRunsWithAndWithoutAnInputThatHasADefault() {
    ReferenceModel model = ReferenceModel.scale();
    try (Session session = open(model);
        Batch with = Batch.of("scale", Tensor.scalar(3f), "x", Tensor.of(new float[] {1, 2}));
        Batch without = Batch.of("x", Tensor.of(new float[] {1, 2}))) {
      for (Batch in : List.of(with, without, with)) {
        try (Batch out = session.run(in)) {
          model.verify(in, out);
        }
      }
    }
  }

  @Test
  default void aModelWithoutInputsRuns() {
    runs(ReferenceModel.constant(), Batch.of(Map.of()));
  }

  @Test
  default void anOutputMayHaveAShapeThatOnlyTheRunCanTell() {
    ReferenceModel model = ReferenceModel.positives();
    runs(model, Batch.of("x", Tensor.of(new float[] {1, -1, 2, 0, 3})));
    runs(model, Batch.of("x", Tensor.of(new float[] {-1, -2})));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  default void everyTypePassesThrough(DataType type) {
    ReferenceModel model = ReferenceModel.identity(type, Dimension.of("n"), Dimension.of(3));
    runs(model, Batch.of("x", Samples.of(type, 5, 3)));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  default void aTensorOfAnyTypeMayBeEmpty(DataType type) {
    ReferenceModel model = ReferenceModel.identity(type, Dimension.of("n"), Dimension.of(3));
    runs(model, Batch.of("x", Samples.of(type, 0, 3)));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  default void aTensorOfAnyTypeMayBeAScalar(DataType type) {
    runs(ReferenceModel.identity(type), Batch.of("x", Samples.of(type)));
  }

  @Test
  default void zeroRowsGiveZeroRows() {
    runs(ReferenceModel.affine(), Samples.affine(0, 1));
  }

  @Test
  default void inputsAreOnlyBorrowed() {
    try (Session session = open(ReferenceModel.affine());
        Batch in = Samples.affine(4, 2)) {
      byte[] before = in.get("x").toByteArray();
      session.run(in).close();
      assertThat(in.get("x").toByteArray()).isEqualTo(before);
    }
  }

  @Test
  default void aResultOutlivesInputsAndSession() {
    ReferenceModel model = ReferenceModel.affine();
    Batch in = Samples.affine(4, 2);
    Session session = open(model);
    try (Batch out = session.run(in);
        Batch sameIn = Samples.affine(4, 2)) {
      in.close();
      session.close();
      model.verify(sameIn, out);
    }
  }

  @Test
  default void aLaterRunLeavesAnEarlierResultAlone() {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model);
        Batch firstIn = Samples.affine(4, 1);
        Batch secondIn = Samples.affine(4, 2);
        Batch first = session.run(firstIn);
        Batch second = session.run(secondIn)) {
      model.verify(firstIn, first);
      model.verify(secondIn, second);
    }
  }

  @Test
  default void oneResultMayBeClosedBeforeTheOther() {
    ReferenceModel model = ReferenceModel.affine();
    try (Session session = open(model);
        Batch in = Samples.affine(4, 1)) {
      Batch first = session.run(in);
      try (Batch second = session.run(in)) {
        first.close();
        session.run(in).close();
        model.verify(in, second);
      }
    }
  }

  @Test
  default void theResultOfOneRunIsTheInputOfTheNext() {
    ReferenceModel model = ReferenceModel.identity(DataType.FLOAT32, Dimension.of("n"));
    try (Session session = open(model);
        Batch in = Batch.of("x", Samples.of(DataType.FLOAT32, 6));
        Batch first = session.run(in);
        Batch second = session.run(Batch.of("x", first.get("y")))) {
      model.verify(in, second);
    }
  }

  @Test
  default void manyThreadsShareASession() throws Exception {
    ReferenceModel model = ReferenceModel.affine();
    ExecutorService callers = Executors.newFixedThreadPool(threads());
    try (Session session = open(model)) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int caller = 0; caller < threads(); caller++) {
        int seed = caller;
        tasks.add(
            () -> {
              for (int i = 0; i < 50; i++) {
                try (Batch in = Samples.affine(1 + (seed + i) % 9, seed * 50 + i);
                    Batch out = session.run(in)) {
                  model.verify(in, out);
                }
              }
              return null;
            });
      }
      for (Future<Void> caller : callers.invokeAll(tasks)) {
        caller.get();
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  default void aRunThatFailsIsAnExceptionAndTheNextOneWorks() {
    ReferenceModel model = ReferenceModel.pick();
    try (Session session = open(model);
        Batch wrong = Batch.of("index", Tensor.of(new long[] {0, 99}));
        Batch right = Batch.of("index", Tensor.of(new long[] {4, 0}))) {
      assertThatThrownBy(() -> session.run(wrong)).isInstanceOf(HoneException.class);
      try (Batch out = session.run(right)) {
        model.verify(right, out);
      }
    }
  }

  @Test
  default void warmingUpComputesAndKeepsNothing() {
    try (Session session = open(ReferenceModel.affine());
        Batch sample = Samples.affine(4, 1)) {
      session.warmUp(sample, 3);
      assertThatThrownBy(() -> session.warmUp(sample, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least once, not 0 times");
    }
  }

  @Test
  default void aSessionTellsWhatItTakesAndGives() {
    for (ReferenceModel model :
        List.of(
            ReferenceModel.affine(),
            ReferenceModel.sumAndDifference(),
            ReferenceModel.scale(),
            ReferenceModel.positives(),
            ReferenceModel.constant(),
            ReferenceModel.count())) {
      try (Session session = open(model)) {
        assertThat(session.signature()).isEqualTo(model.signature());
      }
    }
  }

  @Test
  default void aSessionTellsWhatItIs() {
    try (Session session = open(ReferenceModel.affine())) {
      assertThat(session.device()).isEqualTo(device());
      assertThat(session.precision()).isEqualTo(Precision.FP32);
      assertThat(session.report().device()).isEqualTo(device());
      assertThat(session.report().precision()).isEqualTo(Precision.FP32);
      assertThat(session.report().threads()).isPositive();
      assertThat(session.report().toString())
          .startsWith(session.report().runtime())
          .contains("FP32 on " + device());
    }
  }
}
