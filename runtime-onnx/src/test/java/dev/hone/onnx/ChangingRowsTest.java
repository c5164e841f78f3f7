package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A model that gives what is above 0, as detectors give boxes: how many there are may change. */
@ExtendWith(NoLeaks.class)
class ChangingRowsTest {
  private static final int WIDTH = 160;

  private final Random random = new Random(3);

  private float[] normal(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private ModelData model() {
    Graph graph = new Graph("what is above 0");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(WIDTH)));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(WIDTH, WIDTH), normal(WIDTH * WIDTH)));
    graph.add(
        Node.of("MatMul", List.of("x", "w"), List.of("h")),
        Node.of("Relu", List.of("h"), List.of("positive")),
        Node.of("NonZero", List.of("positive"), List.of("places")),
        Node.of("Transpose", List.of("places"), List.of("indices"), Attribute.of("perm", 1L, 0L)),
        Node.of("GatherND", List.of("h", "indices"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private QuantizationReport quantized(Quantization how) {
    List<Batch> rows =
        IntStream.range(0, 16)
            .mapToObj(i -> Batch.of("x", Tensor.of(normal(8 * WIDTH), 8, WIDTH)))
            .toList();
    try {
      SessionOptions options =
          SessionOptions.builder()
              .precision(Precision.INT8)
              .calibration(rows)
              .threads(1)
              .runtime(OnnxOptions.of(how))
              .build();
      return Quantizer.quantize(ModelRuns.model(model()), options).report();
    } finally {
      rows.forEach(Batch::close);
    }
  }

  @Test
  void whereTheNumberOfResultsChangesTheReportSaysSoAndTheFloorDecides() {
    Quantization.Builder how = Quantization.builder().evenIfSlower(true);
    assertThatThrownBy(() -> quantized(how.build()))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContainingAll("mean cosine", "The output 'y' was", "has become");
    QuantizationReport taken = quantized(how.evenIfWorse(true).build());
    assertThat(taken.notes())
        .anySatisfy(note -> assertThat(note).contains("has become", "count as lost"));
  }
}
