package dev.hone.onnx.graph;

import dev.hone.DataType;
import java.util.HashSet;
import java.util.Set;

/**
 * How many weights a graph has. Counted are the elements of initializers and, since some exporters
 * put their weights there, of tensors with more than one element in nodes; in subgraphs too. Not
 * counted are 64-bit integers, truth values and texts: they are shapes, indices and vocabularies.
 * What several nodes share counts once.
 *
 * @param count the elements
 * @param byteSize the bytes that they take
 */
record Weights(long count, long byteSize) {
  static Weights of(Graph graph) {
    Counter counter = new Counter();
    counter.add(graph);
    return new Weights(counter.count, counter.byteSize);
  }

  private static final class Counter {
    private final Set<ExternalBytes.Location> seen = new HashSet<>();
    private long count;
    private long byteSize;

    void add(Graph graph) {
      graph.initializers().forEach(this::add);
      for (Node node : graph.nodes()) {
        for (Attribute attribute : node.attributes()) {
          attribute.tensors().stream()
              .filter(tensor -> tensor.shape().elementCount() > 1)
              .forEach(this::add);
          attribute.graphs().forEach(this::add);
        }
      }
    }

    private void add(TensorData tensor) {
      DataType type = tensor.type();
      if (type == DataType.INT64 || type == DataType.BOOL || type == DataType.STRING) {
        return;
      }
      if (tensor.storage() instanceof ExternalBytes external && !seen.add(external.location())) {
        return;
      }
      count += tensor.shape().elementCount();
      byteSize += tensor.byteSize();
    }
  }
}
