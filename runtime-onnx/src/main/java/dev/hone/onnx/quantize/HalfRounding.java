package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.ArrayList;
import java.util.List;

/**
 * Shows on a processor what a model that computes in half precision answers where the hardware
 * does: it computes in single precision and rounds the result of every half node to a half.
 *
 * <p>The processor does not do that by itself. ONNX Runtime gives a half node single-precision
 * inputs, and where it puts a conversion behind one that is the other way round, it drops both: the
 * values between nodes are then not rounded at all, and what would overflow does not.
 */
public final class HalfRounding {
  private HalfRounding() {}

  /**
   * A copy of a model of {@link HalfCompute} that rounds; the model itself where one of its own
   * inputs or outputs is of halves.
   */
  public static ModelData of(ModelData model) {
    ModelData copy = model.copy();
    Graph graph = copy.graph();
    FloatValues values = FloatValues.of(graph);
    boolean halfEdges =
        graph.inputs().stream().anyMatch(input -> values.isHalf(input.name()))
            || graph.outputs().stream().anyMatch(output -> values.isHalf(output.name()));
    if (halfEdges) {
      return model;
    }
    List<Node> casts = new ArrayList<>();
    for (TensorData weight : List.copyOf(graph.initializers())) {
      if (weight.type() == DataType.FLOAT16) {
        graph.removeInitializer(weight.name());
        String stored = graph.addInitializer(weight.name() + "_stored", weight);
        casts.add(Cast.of(stored, weight.name(), DataType.FLOAT32));
      }
    }
    for (Node node : List.copyOf(graph.nodes())) {
      for (int i = 0; i < node.outputs().size(); i++) {
        if (values.isHalf(node.output(i))) {
          round(graph, node, i, casts);
        }
      }
    }
    graph.removeValueInfos(info -> values.isHalf(info.name())); // they are floats now
    graph.add(casts.toArray(Node[]::new));
    graph.sort();
    return copy;
  }

  private static void round(Graph graph, Node node, int output, List<Node> casts) {
    String value = node.output(output);
    String rounded = graph.uniqueName(value + "_rounded");
    if (node.is("Cast")) {
      node.setOutput(output, rounded);
    } else {
      String exact = graph.uniqueName(value + "_exact");
      node.setOutput(output, exact);
      casts.add(Cast.of(exact, rounded, DataType.FLOAT16));
    }
    casts.add(Cast.of(rounded, value, DataType.FLOAT32));
  }
}
