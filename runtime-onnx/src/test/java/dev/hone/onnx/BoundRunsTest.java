package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.ort.BoundRuns;
import dev.hone.onnx.ort.OrtSettings;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs whose inputs and outputs are bound to where they are. The device is the host here: its
 * memory is bound by the same calls as a GPU's, under another name.
 */
@ExtendWith(NoLeaks.class)
class BoundRunsTest {
  private static final OrtSettings ON_PROCESSOR = OrtSettings.plain(Map.of());

  /** {@code sum = a + b}, {@code difference = a - b}, and the positions of what is not zero. */
  private static ModelData model() {
    Graph graph = new Graph("three outputs");
    Dimension n = Dimension.of("n");
    graph.addInput(ValueInfo.tensor("a", DataType.FLOAT32, n));
    graph.addInput(ValueInfo.tensor("b", DataType.FLOAT32, n));
    graph.add(
        Node.of("Add", List.of("a", "b"), List.of("sum")),
        Node.of("Sub", List.of("a", "b"), List.of("difference")),
        Node.of("NonZero", List.of("difference"), List.of("places")));
    graph.addOutput(ValueInfo.tensor("sum", DataType.FLOAT32, n));
    graph.addOutput(ValueInfo.tensor("difference", DataType.FLOAT32, n));
    graph.addOutput(
        ValueInfo.tensor("places", DataType.INT64, Dimension.of(1), Dimension.of("found")));
    return ModelData.of(graph, 17);
  }

  private static BoundRuns open(ModelData model) {
    ModelSource source = new ModelSource.OfBytes(model.toBuffer(), "bound.onnx", null);
    return BoundRuns.open(source, model.signature(), ON_PROCESSOR, 0);
  }

  private static Tensor floats(float... values) {
    return Tensor.of(values, values.length);
  }

  /** Tensors stand for the device's memory. */
  private static long address(Tensor tensor) {
    return tensor.memory().address();
  }

  @Test
  void aRunReadsAndWritesTheMemoryItIsTold() {
    try (BoundRuns runs = open(model());
        Tensor a = floats(1, 2, 3);
        Tensor b = floats(4, 2, 0);
        Tensor sum = floats(0, 0, 0);
        Tensor difference = floats(0, 0, 0)) {
      runs.begin();
      runs.input(0, a, address(a));
      runs.input(1, b, 0); // one of the host
      runs.output(0, sum, address(sum));
      runs.output(1, difference, address(difference));
      try (Batch none = runs.run(null)) {
        assertThat(none.size()).isZero();
      }
      assertThat(sum.toFloatArray()).containsExactly(5, 4, 3);
      assertThat(difference.toFloatArray()).containsExactly(-3, 0, 3);
    }
  }

  @Test
  void anOutputWhoseShapeOnlyTheRunTellsComesToTheHost() {
    try (BoundRuns runs = open(model());
        Tensor a = floats(1, 2, 3);
        Tensor b = floats(4, 2, 0);
        Tensor ones = floats(1, 1, 1);
        Tensor sum = floats(0, 0, 0)) {
      for (int i = 0; i < 3; i++) {
        runs.begin();
        runs.input(0, i == 1 ? ones : a, address(i == 1 ? ones : a));
        runs.input(1, i == 1 ? ones : b, address(i == 1 ? ones : b));
        runs.outputToHost(2);
        runs.output(0, sum, address(sum));
        try (Batch given = runs.run(null)) {
          assertThat(given.names()).containsExactly("places");
          long[] places = given.get("places").toLongArray();
          assertThat(places).containsExactly(i == 1 ? new long[0] : new long[] {0, 2});
          assertThat(given.get("places").shape()).isEqualTo(Shape.of(1, places.length));
        }
      }
      assertThat(sum.toFloatArray()).containsExactly(5, 4, 3);
    }
  }

  /** ONNX Runtime would leave the memory as it was, and say nothing. */
  @Test
  void anInputThatIsAnOutputComesToTheHostAndIsRefusedElsewhere() {
    Graph graph = new Graph("passes through");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n")));
    graph.add(Node.of("Relu", List.of("x"), List.of("y")));
    graph.addOutput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n")));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of("n")));
    try (BoundRuns runs = open(ModelData.of(graph, 17));
        Tensor x = floats(1, -2, 3);
        Tensor copy = floats(0, 0, 0);
        Tensor y = floats(0, 0, 0)) {
      runs.begin();
      assertThatThrownBy(() -> runs.output(0, copy, address(copy)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("The output 'x' is an input", "Take it with outputToHost");
      runs.begin();
      runs.input(0, x, address(x));
      runs.outputToHost(0);
      runs.output(1, y, address(y));
      try (Batch given = runs.run(null)) {
        assertThat(given.get("x").toFloatArray()).containsExactly(1, -2, 3);
        assertThat(given.get("x").memory().address()).isNotEqualTo(address(x));
      }
      assertThat(y.toFloatArray()).containsExactly(1, 0, 3);
    }
  }

  @Test
  void shapesMemoryAndTheChoiceOfOutputsMayChangeFromRunToRun() {
    try (BoundRuns runs = open(model())) {
      for (int length : new int[] {2, 5, 1, 5}) {
        boolean sums = length % 2 == 1;
        try (Tensor a = Tensor.of(new float[length], length);
            Tensor out = Tensor.allocate(DataType.FLOAT32, Shape.of(length))) {
          a.copyFrom(filled(length, 3));
          runs.begin();
          runs.input(0, a, address(a));
          runs.input(1, a, address(a));
          runs.output(sums ? 0 : 1, out, address(out));
          runs.run(null).close();
          assertThat(out.toFloatArray()).containsExactly(filled(length, sums ? 6 : 0));
        }
      }
    }
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void aFailedRunIsAnExceptionAndTheNextOneGoesOn() {
    try (BoundRuns runs = open(model());
        Tensor a = floats(1, 2, 3);
        Tensor b = floats(4, 2);
        Tensor sum = floats(0, 0, 0)) {
      runs.begin();
      runs.input(0, a, address(a));
      runs.input(1, b, address(b));
      runs.output(0, sum, address(sum));
      assertThatThrownBy(() -> runs.run(null)).isInstanceOf(HoneException.class);
      runs.begin();
      runs.input(0, a, address(a));
      runs.input(1, a, address(a));
      runs.output(0, sum, address(sum));
      runs.run(null).close();
      assertThat(sum.toFloatArray()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void aRunThatIsStoppedEndsAndTheNextOneGoesOn() {
    Cancellation stop = new Cancellation();
    stop.cancel();
    try (BoundRuns runs = open(model());
        Tensor a = floats(1, 2, 3)) {
      runs.begin();
      runs.input(0, a, address(a));
      runs.input(1, a, address(a));
      runs.outputToHost(0);
      assertThatThrownBy(() -> runs.run(stop)).isInstanceOf(CancelledException.class);
      try (Batch given = runs.run(null)) {
        assertThat(given.get("sum").toFloatArray()).containsExactly(2, 4, 6);
      }
    }
  }

  @Test
  void textsStayWithTheHost() {
    Graph graph = new Graph("texts");
    graph.addInput(ValueInfo.tensor("x", DataType.STRING, Dimension.of("n")));
    graph.add(Node.of("Identity", List.of("x"), List.of("y")));
    graph.addOutput(ValueInfo.tensor("y", DataType.STRING, Dimension.of("n")));
    try (BoundRuns runs = open(ModelData.of(graph, 17));
        Tensor x = Tensor.of(new String[] {"one", "two"}, 2)) {
      runs.begin();
      runs.input(0, x, 0);
      runs.outputToHost(0);
      try (Batch given = runs.run(null)) {
        assertThat(given.get("y").toStringArray()).containsExactly("one", "two");
      }
    }
  }

  @Test
  void aModelThatIsRefusedLeavesNothingOpen() {
    Graph graph = new Graph("unknown");
    graph.addInput(ModelRuns.floats("x"));
    graph.add(Node.of("nobody.knows", "It", List.of("x"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    ModelData model = ModelData.of(graph, 17);
    model.importOpset("nobody.knows", 1);
    assertThatThrownBy(() -> open(model)).isInstanceOf(HoneException.ModelException.class);
  }

  @Test
  void entriesForSingleRunsReachThem() {
    OrtSettings shrinking = shrinking();
    ModelData model = model();
    ModelSource source = new ModelSource.OfBytes(model.toBuffer(), "bound.onnx", null);
    try (BoundRuns runs = BoundRuns.open(source, model.signature(), shrinking, 0);
        Tensor a = floats(1, 2, 3)) {
      runs.begin();
      runs.input(0, a, address(a));
      runs.input(1, a, address(a));
      runs.outputToHost(0);
      assertThatThrownBy(() -> runs.run(null))
          .isInstanceOf(HoneException.class)
          .hasMessageContaining("arena");
    }
  }

  private static OrtSettings shrinking() {
    return new OrtSettings(
        1,
        1,
        false,
        OrtSettings.Optimization.ALL,
        true,
        true,
        false,
        null,
        null,
        Map.of(),
        Map.of("memory.enable_memory_arena_shrinkage", "gpu:0"), // there is none here
        Map.of());
  }

  @Test
  void aRunAsAGraphReadsAndWritesTheMemoryItIsTold() {
    try (BoundRuns runs = open(model());
        Tensor a = floats(1, 2, 3);
        Tensor sum = floats(0, 0, 0)) {
      for (int graph : new int[] {1, 0, 1}) { // the processor has none, and runs each time
        sum.copyFrom(new float[3]);
        runs.begin();
        runs.input(0, a, address(a));
        runs.input(1, a, address(a));
        runs.output(0, sum, address(sum));
        runs.runGraph(graph);
        assertThat(sum.toFloatArray()).containsExactly(2, 4, 6);
      }
    }
  }

  @Test
  void graphsAreRefusedWhereMemoryIsGivenBackAfterEachRun() {
    assertThatThrownBy(() -> shrinking().withGraphs())
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("CUDA graph", "gives memory back", "Switch one of the two off");
  }

  @Test
  void graphsAreAnOptionOfTheProviderOfTheGpu() {
    assertThat(ON_PROCESSOR.withGraphs().cuda())
        .containsExactly(Map.entry("enable_cuda_graph", "1"));
  }
}
