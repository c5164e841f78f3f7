package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A text model in miniature: tokens are looked up and go through two layers, and each is told the
 * mean of those that the mask lets through. Nothing is rounded after that mean, whose sum may have
 * another order in longer rows, so that in integers, too, answers differ by no whole step.
 */
final class TokenMeans {
  private static final int VOCABULARY = 500;
  private static final int WIDTH = 32;
  private static final int LEARN = 40;

  private TokenMeans() {}

  static Model inMemory() {
    return OnnxModel.load(new ModelSource.OfBytes(data().toBuffer(), "token-means.onnx", null));
  }

  /** The same in integers with fixed scales, as Hone makes it. */
  static Model inIntegers() {
    List<Batch> examples = requests(2 * LEARN, 1, new Random(5));
    Quantization quantization =
        Quantization.builder().form(Quantization.Form.STATIC).evenIfSlower(true).build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(examples.subList(0, LEARN))
            .checks(examples.subList(LEARN, 2 * LEARN))
            .runtime(OnnxOptions.builder().quantization(quantization).build())
            .build();
    try {
      return Quantizer.quantize(inMemory(), options).model();
    } finally {
      examples.forEach(Batch::close);
    }
  }

  /** Requests of one row to so many, each row of 1 to 24 tokens; the caller closes them. */
  static List<Batch> requests(int count, int mostRows, Random random) {
    List<Batch> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long[][] ids = new long[1 + random.nextInt(mostRows)][];
      long[][] mask = new long[ids.length][];
      for (int row = 0; row < ids.length; row++) {
        ids[row] = random.longs(1 + random.nextInt(24), 1, VOCABULARY).toArray();
        mask[row] = new long[ids[row].length];
        Arrays.fill(mask[row], 1);
      }
      requests.add(
          Batch.of(
              "input_ids", Tensor.of(Batch.pad(ids, 0)),
              "attention_mask", Tensor.of(Batch.pad(mask, 0))));
    }
    return requests;
  }

  private static ModelData data() {
    Graph graph = new Graph("token means");
    Dimension rows = Dimension.of("batch");
    Dimension length = Dimension.of("sequence");
    Dimension width = Dimension.of(WIDTH);
    graph.addInput(ValueInfo.tensor("input_ids", DataType.INT64, rows, length));
    graph.addInput(ValueInfo.tensor("attention_mask", DataType.INT64, rows, length));
    graph.addOutput(ValueInfo.tensor("tokens", DataType.FLOAT32, rows, length, width));
    graph.addOutput(ValueInfo.tensor("pooled", DataType.FLOAT32, rows, width));
    graph.putInitializer(weights("words", 1, VOCABULARY));
    graph.putInitializer(weights("A", 2, WIDTH));
    graph.putInitializer(weights("B", 3, WIDTH));
    graph.putInitializer(TensorData.ofLongs("one", Shape.of(1), 1));
    graph.putInitializer(TensorData.ofLongs("two", Shape.of(1), 2));
    graph.add(
        node("Gather", "looked_up", "words", "input_ids"),
        node("MatMul", "first", "looked_up", "A").named("first"),
        node("Relu", "positive", "first"),
        node("MatMul", "second", "positive", "B").named("second"),
        Node.of("Cast", List.of("attention_mask"), List.of("mask"), Attribute.of("to", 1)),
        node("Unsqueeze", "column", "mask", "two"),
        node("Mul", "let_through", "second", "column"),
        node("ReduceSum", "sum", "let_through", "one"),
        node("ReduceSum", "count", "column", "one"),
        node("Div", "mean", "sum", "count"),
        node("Add", "tokens", "second", "mean"),
        node("Squeeze", "pooled", "mean", "one"));
    return ModelData.of(graph, 17);
  }

  private static Node node(String op, String output, String... inputs) {
    return Node.of(op, List.of(inputs), List.of(output));
  }

  private static TensorData weights(String name, int seed, int rows) {
    Random random = new Random(seed);
    float[] values = new float[rows * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return TensorData.ofFloats(name, Shape.of(rows, WIDTH), values);
  }
}
