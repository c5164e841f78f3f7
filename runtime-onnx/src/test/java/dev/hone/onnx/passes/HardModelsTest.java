package dev.hone.onnx.passes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.SignalToNoise;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every pass on small models that are legal and unusual: the answers stay what they were. */
class HardModelsTest {
  private static final double CLOSE_DB = 12;

  static Stream<Arguments> modelsAndPasses() {
    return HardModels.names().stream()
        .flatMap(model -> Pass.all().stream().map(pass -> Arguments.of(model, pass)));
  }

  @ParameterizedTest
  @MethodSource("modelsAndPasses")
  void aPassKeepsTheAnswers(String name, Pass pass) {
    ModelData before = HardModels.of(name);
    long[] shape = HardModels.inputOf(name);
    try (Batch in = input(shape)) {
      ModelData after = before.copy();
      pass.change().apply(after, in);
      ModelData.read(ModelSource.of(ModelRuns.bytes(after)));
      for (Optimization optimization : List.of(Optimization.NONE, Optimization.ALL)) {
        compare(before, after, optimization, in);
      }
    }
  }

  static Stream<Arguments> modelsOfRowsAndPasses() {
    return Stream.of(
            "productThatIsAnOutputAndSummed",
            "namesThatPassesWouldGive",
            "operatorsOfVersion9",
            "normalizationsWithAllOutputs",
            "tensorsOfNothing",
            "optionalInputsAndOutputs")
        .flatMap(model -> Pass.all().stream().map(pass -> Arguments.of(model, pass)));
  }

  @ParameterizedTest
  @MethodSource("modelsOfRowsAndPasses")
  void noRowsAreStillNoRows(String name, Pass pass) {
    ModelData before = HardModels.of(name);
    long[] shape = HardModels.inputOf(name);
    ModelData after = before.copy();
    try (Batch in = input(shape)) {
      pass.change().apply(after, in);
    }
    shape[0] = 0;
    try (Batch none = input(shape)) {
      compare(before, after, Optimization.ALL, none);
    }
  }

  private static void compare(
      ModelData before, ModelData after, Optimization optimization, Batch in) {
    try (Session exact = ModelRuns.open(before, Optimization.NONE);
        Session changed = ModelRuns.open(after, optimization);
        Batch wanted = exact.run(in);
        Batch given = changed.run(in)) {
      assertThat(given.names()).isEqualTo(wanted.names());
      for (String output : wanted.names()) {
        Tensor want = wanted.get(output);
        assertThat(given.get(output).shape()).isEqualTo(want.shape());
        if (want.type() == DataType.FLOAT32 && want.byteSize() > 0) {
          assertThat(SignalToNoise.decibels(want.toFloatArray(), given.get(output).toFloatArray()))
              .as(output + "\n" + after.graph())
              .isGreaterThan(CLOSE_DB);
        }
      }
    }
  }

  private static Batch input(long... shape) {
    Random random = new Random(3);
    float[] x = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Batch.of("x", Tensor.of(x, shape));
  }
}
