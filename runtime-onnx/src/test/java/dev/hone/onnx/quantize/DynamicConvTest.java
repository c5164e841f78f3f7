package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.QuantizedModel;
import dev.hone.onnx.Quantizer;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dynamic INT8 of models with convolutions: ConvInteger is slow, and not every build has it. */
class DynamicConvTest {
  private static final int CHANNELS = 64;

  /** A convolution, its mean over the image, and a product of it. */
  private static ModelData model() {
    Graph graph = new Graph("image classifier");
    Dimension side = Dimension.of(8);
    graph.addInput(
        ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(3), side, side));
    weights(graph, "kernel", CHANNELS, 3, 3, 3);
    weights(graph, "w", CHANNELS, CHANNELS);
    graph.add(Node.of("Conv", List.of("x", "kernel"), List.of("c")).named("conv"));
    graph.add(Node.of("GlobalAveragePool", List.of("c"), List.of("p")));
    graph.add(Node.of("Flatten", List.of("p"), List.of("f")));
    graph.add(Node.of("MatMul", List.of("f", "w"), List.of("y")).named("product"));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private static void weights(Graph graph, String name, long... sizes) {
    Shape shape = Shape.of(sizes);
    float[] values = ChannelQuantizerTest.gaussian((int) shape.elementCount(), 7);
    graph.putInitializer(TensorData.ofFloats(name, shape, values));
  }

  @Test
  void convolutionsComputeInFloatsWhileProductsBecomeIntegers(@TempDir Path folder) {
    Quantization how =
        Quantization.builder()
            .form(Quantization.Form.DYNAMIC)
            .evenIfSlower(true)
            .evenIfWorse(true)
            .build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .threads(1)
            .runtime(OnnxOptions.builder().quantization(how).build())
            .build();
    QuantizedModel small = Quantizer.quantize(ModelRuns.model(model()), options);
    assertThat(small.report().nodesByForm()).containsEntry("DYNAMIC_INT8", 1L);
    small.save(folder.resolve("small.onnx"));
    Graph graph = ModelData.read(folder.resolve("small.onnx")).graph();
    assertThat(graph.nodes("ConvInteger")).isEmpty();
    assertThat(graph.nodes("Conv")).hasSize(1);
    Node conv = graph.nodes("Conv").get(0);
    assertThat(conv.input(0)).isEqualTo("x");
    TensorData kernel = Objects.requireNonNull(graph.constant(conv.input(1)));
    assertThat(kernel.toFloats())
        .isEqualTo(Objects.requireNonNull(model().graph().constant("kernel")).toFloats());
  }
}
