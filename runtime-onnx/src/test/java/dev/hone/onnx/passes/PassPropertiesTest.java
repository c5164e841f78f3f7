package dev.hone.onnx.passes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.SignalToNoise;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every pass keeps, on models drawn by chance. */
class PassPropertiesTest {
  private static final int FEW = 4;
  private static final int MANY = 200;

  static List<Pass> passes() {
    return Pass.all();
  }

  @ParameterizedTest
  @MethodSource("passes")
  void aPassKeepsItsPromises(Pass pass) {
    for (int seed = 0; seed < FEW; seed++) {
      check(pass, seed);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("passes")
  void aPassKeepsItsPromisesOnManyModels(Pass pass) {
    for (int seed = FEW; seed < MANY; seed++) {
      check(pass, seed);
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

  private static void check(Pass pass, int seed) {
    ModelData before = DrawnModel.draw(seed);
    byte[] original = ModelRuns.bytes(before);
    try (Batch in = DrawnModel.batch(seed, 3);
        Batch overriding = DrawnModel.overriding(before, seed, 2)) {
      ModelData after = before.copy();
      pass.change().apply(after, in);
      String what = pass + " on the model of seed " + seed;
      byte[] written = ModelRuns.bytes(after);

      assertThat(ModelRuns.bytes(before)).as("the original after %s", what).isEqualTo(original);
      ModelData reread = ModelData.read(ModelSource.of(written));
      assertThat(ModelRuns.bytes(reread)).as("%s, read again", what).isEqualTo(written);
      assertThat(changed(before, pass, in)).as("%s, done twice", what).isEqualTo(written);
      assertThat(changed(after, pass, in)).as("%s, done to its outcome", what).isEqualTo(written);
      callersSeeTheSame(before, after, what);
      outputsAgree(before, after, List.of(in, overriding), pass, what);
    }
  }

  private static byte[] changed(ModelData model, Pass pass, Batch in) {
    ModelData copy = model.copy();
    pass.change().apply(copy, in);
    return ModelRuns.bytes(copy);
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
