package dev.hone.onnx.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.GraphPrinter;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.passes.Drawing.Kind;
import dev.hone.onnx.quantize.SignalToNoise;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every pass keeps, on models drawn by chance. */
class PassPropertiesTest {
  private static final int FEW = 4;
  private static final int MANY = 200;

  static List<Pass> passes() {
    return Pass.all();
  }

  static Stream<Arguments> passesAndKinds() {
    return Pass.all().stream()
        .flatMap(pass -> Arrays.stream(Kind.values()).map(kind -> Arguments.of(pass, kind)));
  }

  @ParameterizedTest
  @MethodSource("passesAndKinds")
  void aPassKeepsItsPromises(Pass pass, Kind kind) {
    for (int seed = 0; seed < FEW; seed++) {
      check(pass, kind, seed);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("passesAndKinds")
  void aPassKeepsItsPromisesOnManyModels(Pass pass, Kind kind) {
    for (int seed = FEW; seed < MANY; seed++) {
      check(pass, kind, seed);
    }
  }

  /** A model with an operator of somebody's own cannot be run here, but must stay what it is. */
  @ParameterizedTest
  @MethodSource("passes")
  void anOperatorThatNobodyKnowsIsLeftAlone(Pass pass) {
    Graph graph = new Graph("own");
    graph.addInput(ModelRuns.floats("x"));
    graph.add(Node.of("my.domain", "Attention", List.of("x", "x"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    ModelData model = ModelData.of(graph, 17);
    model.importOpset("my.domain", 3);
    byte[] before = ModelRuns.bytes(model);
    try (Batch in = Batch.of("x", Tensor.scalar(1f))) {
      pass.change().apply(model, in);
    }
    assertThat(ModelRuns.bytes(model)).isEqualTo(before);
  }

  private static void check(Pass pass, Kind kind, int seed) {
    ModelData before = kind.draw(seed);
    List<Batch> batches = kind.batches(before, seed);
    Batch in = batches.get(0);
    try {
      ModelData after = before.copy();
      pass.change().apply(after, in);
      String what = pass + " on the model of seed " + seed;
      ModelData reread = ModelData.read(ModelSource.of(ModelRuns.bytes(after)));

      requireSame(before, kind.draw(seed), "the original after " + what);
      requireSame(reread, after, what + ", read again");
      requireSame(sorted(after), after, what + ", each node behind what it reads");
      requireSame(changed(before, pass, in), after, what + ", done twice");
      requireSame(changed(after, pass, in), after, what + ", done to its outcome");
      callersSeeTheSame(before, after, what);
      outputsAgree(before, after, batches, pass, what);
    } finally {
      batches.forEach(Batch::close);
    }
  }

  private static ModelData changed(ModelData model, Pass pass, Batch in) {
    ModelData copy = model.copy();
    pass.change().apply(copy, in);
    return copy;
  }

  private static ModelData sorted(ModelData model) {
    ModelData copy = model.copy();
    copy.graph().sort();
    return copy;
  }

  /** As files, to the last byte; a difference is told as far as graphs in print show it. */
  private static void requireSame(ModelData model, ModelData wanted, String what) {
    if (!Arrays.equals(ModelRuns.bytes(model), ModelRuns.bytes(wanted))) {
      assertThat(GraphPrinter.print(model.graph()))
          .as(what)
          .isEqualTo(GraphPrinter.print(wanted.graph()));
      fail("Only the constants differ: " + what);
    }
  }

  private static void callersSeeTheSame(ModelData before, ModelData after, String what) {
    assertThat(after.signature()).as(what).hasToString(before.signature().toString());
    for (ValueInfo input : before.graph().inputs()) {
      TensorData held = before.graph().initializer(input.name());
      TensorData kept = after.graph().initializer(input.name());
      assertThat(kept == null).as(what).isEqualTo(held == null);
      if (held != null && kept != null) {
        assertThat(kept.toFloats()).as(what).isEqualTo(held.toFloats());
      }
    }
  }

  private static void outputsAgree(
      ModelData before, ModelData after, List<Batch> batches, Pass pass, String what) {
    try (Session exact = ModelRuns.open(before, Optimization.NONE);
        Session optimized = ModelRuns.open(after, Optimization.ALL);
        Session plain = ModelRuns.open(after, Optimization.NONE)) {
      for (Batch in : batches) {
        String where = what + " of inputs " + in.names();
        try (Batch wanted = exact.run(in);
            Batch all = optimized.run(in);
            Batch none = plain.run(in)) {
          assertThat(all.names()).as(where).isEqualTo(wanted.names());
          for (String name : wanted.names()) {
            assertThat(decibels(wanted, none, name))
                .as("decibels of %s after %s", name, where)
                .isGreaterThan(pass.decibels());
            assertThat(decibels(none, all, name))
                .as("agreement of sessions on %s after %s", name, where)
                .isGreaterThan(pass.agreementDecibels());
          }
        }
      }
    }
  }

  private static double decibels(Batch exact, Batch approximate, String name) {
    return SignalToNoise.decibels(
        exact.get(name).toFloatArray(), approximate.get(name).toFloatArray());
  }
}
