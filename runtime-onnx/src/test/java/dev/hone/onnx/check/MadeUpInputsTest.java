package dev.hone.onnx.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MadeUpInputsTest {
  private static final int ROWS = 70_000;

  /** A look-up in a table of more rows than a byte can name. */
  private static ModelData lookUp(DataType ids) {
    Graph graph = new Graph("look up");
    graph.addInput(ValueInfo.tensor("ids", ids, Dimension.of("n"), Dimension.of("t")));
    graph.putInitializer(TensorData.ofFloats("table", Shape.of(ROWS, 1), new float[ROWS]));
    graph.add(
        Node.of("Cast", List.of("ids"), List.of("wide"), Attribute.of("to", 7L)),
        Node.of("Gather", List.of("table", "wide"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 17);
  }

  @ParameterizedTest
  @EnumSource(names = {"BOOL", "INT8", "UINT8", "INT16", "UINT16", "INT32", "INT64"})
  void idsFitTheirTypeAndTheTable(DataType type) {
    List<Batch> batches = MadeUpInputs.of(lookUp(type), 64, 2);
    assertThat(batches).hasSize(2);
    for (Batch batch : batches) {
      long[] ids = batch.get("ids").toLongArray();
      assertThat(ids).hasSize(8 * 64);
      assertThat(Arrays.stream(ids).min().orElseThrow()).isNotNegative();
      assertThat(Arrays.stream(ids).max().orElseThrow()).isBetween(1L, ROWS - 1L);
      batch.close();
    }
  }
}
