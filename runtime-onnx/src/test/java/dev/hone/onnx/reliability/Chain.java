package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.ValueInfo;
import java.util.List;

/**
 * A model of as many nodes as one likes: {@code y = x w w w …}. With a matrix that moves each
 * column one to the right, all of it is real work and the answer is known exactly.
 */
final class Chain {
  /** Columns of {@code x}; rows and columns of {@code w}. */
  static final int WIDTH = 512;

  /** One run of {@link #LONG_ROWS} rows takes about a second of one core of 2020. */
  static final int LONG_NODES = 400;

  /** Rows that make each node of a long run take some milliseconds. */
  static final int LONG_ROWS = 512;

  private static final long OPSET = 21;

  private final int nodes;

  Chain(int nodes) {
    this.nodes = nodes;
  }

  /** The model of a long run. */
  static Chain ofLongRuns() {
    return new Chain(LONG_NODES);
  }

  /** The model. */
  Model model() {
    try (Memory memory = data().toMemory()) {
      byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return Model.load(bytes);
    }
  }

  /** A session of it, on one thread. */
  Session open() {
    return Session.open(model(), SessionOptions.builder().threads(1).build());
  }

  /** The model as data. */
  ModelData data() {
    Graph graph = new Graph("chain");
    Dimension width = Dimension.of(WIDTH);
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("rows"), width));
    graph.addInput(ValueInfo.tensor("w", DataType.FLOAT32, width, width));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of("rows"), width));
    for (int i = 0; i < nodes; i++) {
      graph.add(Node.of("MatMul", List.of(value(i), "w"), List.of(value(i + 1))));
    }
    return ModelData.of(graph, OPSET);
  }

  private String value(int step) {
    return step == 0 ? "x" : step == nodes ? "y" : "x" + step;
  }

  /** Inputs of this many rows, different for each seed. */
  static Batch input(int rows, int seed) {
    float[] x = new float[rows * WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = element(i, seed);
    }
    float[] w = new float[WIDTH * WIDTH];
    for (int row = 0; row < WIDTH; row++) {
      w[row * WIDTH + (row + 1) % WIDTH] = 1;
    }
    return Batch.of("x", Tensor.of(x, rows, WIDTH), "w", Tensor.of(w, WIDTH, WIDTH));
  }

  private static float element(int index, int seed) {
    return (index * 31 + seed * 17) % 1009 - 500;
  }

  /** Fails unless the output is that of {@link #input} of the same rows and seed. */
  void verify(int rows, int seed, Batch out) {
    float[] expected = new float[rows * WIDTH];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < WIDTH; column++) {
        int from = row * WIDTH + Math.floorMod(column - nodes, WIDTH);
        expected[row * WIDTH + column] = element(from, seed);
      }
    }
    Tensor y = out.get("y");
    assertThat(y.shape()).isEqualTo(Shape.of(rows, WIDTH));
    assertThat(y.toFloatArray()).isEqualTo(expected);
  }

  /** Runs once and fails unless the answer is right. */
  void verifyAnswers(Session session, int rows, int seed) {
    try (Batch in = input(rows, seed);
        Batch out = session.run(in)) {
      verify(rows, seed, out);
    }
  }
}
