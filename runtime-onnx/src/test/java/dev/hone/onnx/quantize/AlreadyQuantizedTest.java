package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlreadyQuantizedTest {
  private static ModelData model(Node... nodes) {
    Graph graph = new Graph("g");
    graph.add(nodes);
    return ModelData.of(graph, 17);
  }

  private static Node quantizing() {
    return Node.of("QuantizeLinear", List.of("x", "s"), List.of("q"));
  }

  @Test
  void theOperatorsOfQuantizedModelsAreCounted() {
    ModelData model =
        model(
            quantizing(),
            Node.of("DequantizeLinear", List.of("q", "s"), List.of("y")),
            Node.of("DequantizeLinear", List.of("q", "s"), List.of("z")),
            Node.of("com.microsoft", "QLinearAdd", List.of("q"), List.of("w")));
    assertThat(AlreadyQuantized.evidence(model))
        .contains("2 DequantizeLinear, 1 QLinearAdd, 1 QuantizeLinear");
  }

  @Test
  void subgraphsCount() {
    Graph branch = new Graph("then");
    branch.add(quantizing());
    branch.addOutput(ModelRuns.floats("q"));
    ModelData model =
        model(Node.of("If", List.of("c"), List.of("y"), Attribute.of("then_branch", branch)));
    assertThat(AlreadyQuantized.evidence(model)).contains("1 QuantizeLinear");
  }

  @Test
  void aTableOfBytesIsEvidence() {
    ModelData model = model(Node.of("Gather", List.of("t", "ids"), List.of("y")));
    model
        .graph()
        .putInitializer(
            TensorData.of("t", DataType.INT8, Shape.of(2, 2), ByteBuffer.allocateDirect(4)));
    assertThat(AlreadyQuantized.evidence(model)).contains("1 Gather");
  }

  @Test
  void aModelOfFloatsShowsNothingAndASameNameElsewhereMeansNothing() {
    assertThat(
            AlreadyQuantized.evidence(
                ModelData.read(
                    ModelSource.ofResource(AlreadyQuantizedTest.class, "/all-minilm-l6-v2.onnx"))))
        .isEmpty();
    assertThat(
            AlreadyQuantized.evidence(
                model(Node.of("my.domain", "QuantizeLinear", List.of("x"), List.of("y")))))
        .isEmpty();
  }
}
