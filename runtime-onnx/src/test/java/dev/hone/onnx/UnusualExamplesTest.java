package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Calibration data that is few, or of models whose inputs or answers are not rows of floats. */
class UnusualExamplesTest {
  private static final int WIDTH = 64;
  private static final float SMALL = 0.001f;
  private static final float LARGE = 3;

  private static OnnxModel model(Dimension rows, String... more) {
    Graph graph = new Graph("unusual");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(
        TensorData.ofFloats("w", Shape.of(WIDTH, WIDTH), normal(1, WIDTH * WIDTH)));
    graph.add(Node.of("MatMul", List.of("x", "w"), List.of("h")).named("product"));
    if (List.of(more).contains("scale")) {
      graph.addInput(ValueInfo.tensor("scale", DataType.FLOAT32));
      graph.add(Node.of("Mul", List.of("h", "scale"), List.of("y")));
    } else if (List.of(more).contains("label")) {
      graph.add(
          Node.of(
              "ArgMax",
              List.of("h"),
              List.of("y"),
              Attribute.of("axis", 1L),
              Attribute.of("keepdims", 0L)));
    } else {
      graph.add(Node.of("Relu", List.of("h"), List.of("y")));
    }
    if (List.of(more).contains("label")) {
      graph.addOutput(ValueInfo.tensor("y", DataType.INT64, rows));
    } else {
      graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    }
    ModelData data = ModelData.of(graph, 17);
    return OnnxModel.load(new ModelSource.OfBytes(data.toBuffer(), "unusual.onnx", null));
  }

  private static float[] normal(int seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Tensor rows(int seed, int rows) {
    return Tensor.of(normal(seed, rows * WIDTH), rows, WIDTH);
  }

  private static List<Batch> batches(int count, int rows) {
    return IntStream.range(0, count).mapToObj(i -> Batch.of("x", rows(7 + i, rows))).toList();
  }

  private static QuantizationReport report(OnnxModel model, List<Batch> examples, FakePasses by) {
    Quantization quantization = Quantization.builder().evenIfSlower(true).build();
    return report(model, examples, by, quantization);
  }

  private static QuantizationReport report(
      OnnxModel model, List<Batch> examples, FakePasses by, Quantization quantization) {
    try {
      SessionOptions options =
          SessionOptions.builder()
              .precision(Precision.INT8)
              .threads(1)
              .calibration(examples)
              .runtime(OnnxOptions.builder().quantization(quantization).build())
              .build();
      return Quantizer.quantize(model, options, by).report();
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static FakePasses passes(float error) {
    return new FakePasses(Map.of("product", error), NodeChoice.Form.STATIC_INT8, 0);
  }

  @Test
  void batchesOfAModelWithAFixedNumberOfRowsAreNotDivided() {
    for (int count = 1; count <= 4; count++) {
      QuantizationReport report = report(model(Dimension.of(4)), batches(count, 4), passes(SMALL));
      assertThat(report.fidelity()).as("%d batches", count).isPresent();
    }
  }

  @Test
  void oneBatchThatCannotBeDividedIsComparedOnAllTheSame() {
    QuantizationReport report = report(model(Dimension.of(1)), batches(1, 1), passes(SMALL));
    assertThat(report.calibrationRows()).isEqualTo(1);
    assertThat(report.fidelity().orElseThrow().rows()).isEqualTo(1);
    assertThat(report.speed()).isPresent();
    assertThat(report.notes())
        .anyMatch(note -> note.startsWith("Compared on the rows that ranges were learned from"));
    assertThatThrownBy(() -> report(model(Dimension.of(1)), batches(1, 1), passes(LARGE)))
        .isInstanceOf(QuantizationException.class);
  }

  @Test
  void aModelThatTakesASingleNumberBesideItsRowsIsTimed() {
    List<Batch> examples =
        IntStream.range(0, 8)
            .mapToObj(i -> Batch.of("x", rows(i, 4), "scale", Tensor.scalar(2f)))
            .toList();
    QuantizationReport report =
        report(model(Dimension.of("rows"), "scale"), examples, passes(SMALL));
    assertThat(report.speed()).isPresent();
  }

  @Test
  void aModelThatAnswersInLabelsOnlyMustKeepThem() {
    OnnxModel model = model(Dimension.of("rows"), "label");
    QuantizationReport report = report(model, batches(8, 50), passes(SMALL));
    QuantizationReport.Fidelity fidelity = report.fidelity().orElseThrow();
    assertThat(fidelity.output()).isEqualTo("y");
    assertThat(fidelity.rows()).isEqualTo(100);
    assertThat(fidelity.meanCosine()).isBetween(0.95, 1.0);
    assertThat(report.toString()).contains("of the answers are the same", "(y, 100 rows)");
    assertThat(QuantizationReport.fromJson(report.toJson())).isEqualTo(report);
    assertThatThrownBy(() -> report(model, batches(8, 50), passes(LARGE)))
        .isInstanceOf(QuantizationException.class)
        .hasMessageStartingWith(
            "At INT8 at least 0.9500 of the answers of 'unusual.onnx' must stay what they are, but"
                + " on 100 rows it is 0.")
        .hasMessageContaining("evenIfWorse(true)");
  }

  @Test
  void aFileInHalvesIsToldToBeQuantizedFromTheOriginal() {
    Quantization even = Quantization.builder().evenIfSlower(true).build();
    SessionOptions.Builder options = SessionOptions.builder().runtime(OnnxOptions.of(even));
    Model half =
        Quantizer.quantize(TwoLayers.inMemory(), options.precision(Precision.FP16).build()).model();
    for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
      assertThatThrownBy(() -> Quantizer.quantize(half, options.precision(precision).build()))
          .isInstanceOf(QuantizationException.class)
          .hasMessageContaining("there is nothing to make smaller")
          .hasMessageContaining("in FP16, which are not rounded further: quantize the original");
    }
  }

  @Test
  void batchesWithoutRowsAreRefusedAsSuch() {
    assertThatThrownBy(() -> report(model(Dimension.of("rows")), batches(5, 0), passes(SMALL)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The calibration data holds 5 batches, but no row. Give about a hundred rows that look"
                + " like those to come.");
  }
}
