package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A recurrent network through a batcher, such as tells speech from silence: callers send one frame
 * after another, each with the state that the last one gave. Nobody ever gets another one's state.
 */
@ExtendWith(NoLeaks.class)
class RecurrentModelsTest {
  private static final int FRAME = 8;
  private static final int HIDDEN = 16;
  private static final int CALLERS = 8;
  private static final int FRAMES = 100;

  /** How a model takes its state. */
  private enum Form {
    /** {@code [2, batch, hidden]}, with a sampling rate beside it that has no dimensions. */
    LAYERS_FIRST,
    /** {@code [batch, 2, hidden]}, and nothing else. */
    ROWS_FIRST
  }

  private static Model model(Form form) {
    Graph graph = new Graph("recurrent");
    Dimension rows = Dimension.of("batch");
    Dimension two = Dimension.of(2);
    Dimension hidden = Dimension.of(HIDDEN);
    Dimension[] state =
        form == Form.ROWS_FIRST
            ? new Dimension[] {rows, two, hidden}
            : new Dimension[] {two, rows, hidden};
    graph.addInput(ValueInfo.tensor("input", DataType.FLOAT32, rows, Dimension.of(FRAME)));
    graph.addInput(ValueInfo.tensor("state", DataType.FLOAT32, state));
    graph.addOutput(ValueInfo.tensor("output", DataType.FLOAT32, rows, Dimension.of(1)));
    graph.addOutput(ValueInfo.tensor("stateN", DataType.FLOAT32, state));
    weights(graph, "W", 1, 4 * HIDDEN, FRAME);
    weights(graph, "R", 1, 4 * HIDDEN, HIDDEN);
    weights(graph, "V", HIDDEN, 1);
    graph.putInitializer(TensorData.ofLongs("zero", Shape.of(1), 0));
    Attribute swap = Attribute.of("perm", 1, 0, 2);
    if (form == Form.ROWS_FIRST) {
      graph.add(Node.of("Transpose", List.of("state"), List.of("layers"), swap));
      graph.putInitializer(TensorData.ofFloats("factor", Shape.of(1), 1));
    } else {
      graph.addInput(ValueInfo.tensor("sr", DataType.INT64));
      graph.putInitializer(TensorData.ofFloats("khz", Shape.of(1), 1000));
      graph.add(
          node("Identity", "layers", "state"),
          Node.of("Cast", List.of("sr"), List.of("rate"), Attribute.of("to", 1)),
          node("Div", "factor", "rate", "khz"));
    }
    graph.add(
        Node.of("Split", List.of("layers"), List.of("h", "c"), Attribute.of("axis", 0)),
        node("Unsqueeze", "step", "input", "zero"),
        Node.of(
            "LSTM",
            List.of("step", "W", "R", "", "", "h", "c"),
            List.of("", "hN", "cN"),
            Attribute.of("hidden_size", HIDDEN)),
        Node.of("Concat", List.of("hN", "cN"), List.of("layersN"), Attribute.of("axis", 0)),
        form == Form.ROWS_FIRST
            ? Node.of("Transpose", List.of("layersN"), List.of("stateN"), swap)
            : node("Identity", "stateN", "layersN"),
        node("Squeeze", "last", "hN", "zero"),
        node("MatMul", "speech", "last", "V"),
        node("Mul", "output", "speech", "factor"));
    return ModelRuns.model(ModelData.of(graph, 17));
  }

  private static Node node(String op, String output, String... inputs) {
    return Node.of(op, List.of(inputs), List.of(output));
  }

  private static void weights(Graph graph, String name, long... shape) {
    Random random = new Random(name.hashCode());
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() / 3;
    }
    graph.putInitializer(TensorData.ofFloats(name, Shape.of(shape), values));
  }

  private static Batch input(Form form, float[] frame, float[] state) {
    Tensor frames = Tensor.of(frame, 1, FRAME);
    if (form == Form.ROWS_FIRST) {
      return Batch.of("input", frames, "state", Tensor.of(state, 1, 2, HIDDEN));
    }
    Tensor rate = Tensor.allocate(DataType.INT64, Shape.of());
    rate.copyFrom(new long[] {16_000});
    return Batch.of("input", frames, "state", Tensor.of(state, 2, 1, HIDDEN), "sr", rate);
  }

  /** What a caller hears, frame by frame, and its state at the end. */
  private static float[] hear(Session session, Form form, int caller) {
    Random random = new Random(caller);
    float[] state = new float[2 * HIDDEN];
    float[] heard = new float[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
      float[] frame = new float[FRAME];
      for (int k = 0; k < FRAME; k++) {
        frame[k] = (float) random.nextGaussian();
      }
      try (Batch in = input(form, frame, state);
          Batch out = session.run(in)) {
        heard[i] = out.get("output").toFloatArray()[0];
        state = out.get("stateN").toFloatArray();
      }
    }
    float[] all = Arrays.copyOf(heard, FRAMES + state.length);
    System.arraycopy(state, 0, all, FRAMES, state.length);
    return all;
  }

  private static List<float[]> hearTogether(Session session, Form form) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Callable<float[]>> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        int caller = i;
        callers.add(() -> hear(session, form, caller));
      }
      List<float[]> heard = new ArrayList<>();
      for (Future<float[]> caller : threads.invokeAll(callers)) {
        heard.add(caller.get());
      }
      return heard;
    } finally {
      threads.shutdown();
    }
  }

  private static List<float[]> hearAlone(Session session, Form form) {
    List<float[]> heard = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      heard.add(hear(session, form, i));
    }
    return heard;
  }

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().warmUp(Duration.ofMillis(50)).evenIfItDoesNotPay();
  }

  @Test
  void aStateThatCountsLayersInFrontIsFoundAndCallsRunOneByOne() throws Exception {
    Session session = Session.open(model(Form.LAYERS_FIRST));
    List<float[]> alone = hearAlone(session, Form.LAYERS_FIRST);
    try (Batcher batcher = Batcher.over(session, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(batcher.report().toString())
          .contains("calls run one by one, because its input 'state' has a fixed first dimension");
      List<float[]> together = hearTogether(batcher, Form.LAYERS_FIRST);
      for (int i = 0; i < CALLERS; i++) {
        assertThat(together.get(i)).as("caller " + i).isEqualTo(alone.get(i));
      }
    }
  }

  @Test
  void statesThatAreRowsShareBatchesAndStayWithTheirCallers() throws Exception {
    Session session = Session.open(model(Form.ROWS_FIRST));
    List<float[]> alone = hearAlone(session, Form.ROWS_FIRST);
    BatchPolicy patient = // for a moment, in which others come even to a busy machine
        policy().maxRows(CALLERS).linger(Duration.ofMillis(20)).build();
    try (Batcher batcher = Batcher.over(session, patient)) {
      assertThat(batcher.isBatching()).isTrue();
      List<float[]> together = hearTogether(batcher, Form.ROWS_FIRST);
      for (int i = 0; i < CALLERS; i++) {
        assertThat(together.get(i)).as("caller " + i).contains(alone.get(i), within(1e-4f));
      }
      assertThat(batcher.stats().batches().rows().max()).isGreaterThan(1);
    }
  }
}
