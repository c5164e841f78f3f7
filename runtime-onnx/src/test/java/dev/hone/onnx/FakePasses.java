package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.Shape;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A pass that spoils weights by an error of a size that a test chooses, node by node, and counts
 * how often it was asked.
 */
final class FakePasses implements Passes {
  private final Map<String, Float> errors;
  private final NodeChoice.Form form;
  private final int burden;
  int applied;

  /**
   * Spoils weights.
   *
   * @param errors the error of the weights of each node, by its name
   * @param form what the nodes are said to become
   * @param burden how many large products are put in the way
   */
  FakePasses(Map<String, Float> errors, NodeChoice.Form form, int burden) {
    this.errors = errors;
    this.form = form;
    this.burden = burden;
  }

  @Override
  public Optional<Quantized> quantizedAs(ModelData model) {
    boolean integers = model.graph().nodes().stream().anyMatch(node -> node.is("MatMulInteger"));
    return integers ? Optional.of(new Quantized(Precision.INT8, Precision.INT8)) : Optional.empty();
  }

  @Override
  public boolean isHalf(ModelData model, Device.Kind device) {
    return false;
  }

  @Override
  public Drafts begin(Task task) {
    task.progress().at("spoiling weights", 0.5);
    return new Drafts() {
      @Override
      public Draft sparing(Set<String> spared) {
        return draft(task, spared);
      }

      @Override
      public List<String> sensitive() {
        return errors.keySet().stream()
            .sorted((a, b) -> Float.compare(error(b), error(a)))
            .toList();
      }
    };
  }

  private Draft draft(Task task, Set<String> spared) {
    applied++;
    ModelData model = task.model().copy();
    List<NodeChoice> choices = new ArrayList<>();
    for (Node node : model.graph().nodes("MatMul")) {
      Float error = errors.get(node.name());
      if (error == null || spared.contains(node.name())) {
        choices.add(NodeChoice.left(node.name(), "MatMul", "It is excluded."));
      } else {
        spoil(model.graph(), node, error);
        choices.add(new NodeChoice(node.name(), "MatMul", form, "a test", 40));
      }
    }
    addBurden(model.graph());
    return new Draft(
        model,
        task.precision(),
        "a fake form",
        choices,
        Map.of("Attention", 2),
        List.of("a note of the pass"));
  }

  private float error(String node) {
    return errors.getOrDefault(node, 0f);
  }

  private static void spoil(Graph graph, Node node, float error) {
    TensorData weight = graph.initializer(node.input(1));
    if (weight == null) {
      throw new IllegalStateException(node.toString());
    }
    float[] values = weight.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] += i % 2 == 0 ? error : -error;
    }
    graph.putInitializer(TensorData.ofFloats(weight.name(), weight.shape(), values));
  }

  /** Multiplies the output by the identity, often. */
  private void addBurden(Graph graph) {
    String output = graph.outputs().get(0).name();
    Node last = graph.producer(output);
    if (burden == 0 || last == null) {
      return;
    }
    float[] identity = new float[TwoLayers.WIDTH * TwoLayers.WIDTH];
    for (int i = 0; i < TwoLayers.WIDTH; i++) {
      identity[i * TwoLayers.WIDTH + i] = 1;
    }
    Shape square = Shape.of(TwoLayers.WIDTH, TwoLayers.WIDTH);
    String one = graph.addInitializer("one", TensorData.ofFloats("", square, identity));
    String value = graph.uniqueName("value");
    last.setOutput(0, value);
    for (int i = 0; i < burden; i++) {
      String next = i == burden - 1 ? output : graph.uniqueName("value");
      graph.add(Node.of("MatMul", List.of(value, one), List.of(next)));
      value = next;
    }
  }
}
