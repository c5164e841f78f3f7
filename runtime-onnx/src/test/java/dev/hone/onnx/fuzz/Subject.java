package dev.hone.onnx.fuzz;

import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.memory.Memory;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.MiniLm;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * A sound model that mutants are made from. The weights of large ones lie in a file beside them:
 * then damage hits what a reader must understand, and a mutant costs little.
 */
enum Subject {
  /** One {@code Gemm} with its weights. */
  GEMM,
  /** The text direction classifier of PP-OCR: convolutions, with weights in {@code Constant}s. */
  CONVOLUTIONS,
  /** One layer of attention and one of normalization, with a branch. */
  TRANSFORMER,
  /** The text recognition of PP-OCR: convolutions, attention, and hundreds of other nodes. */
  RECOGNITION,
  /** The sentence transformer all-MiniLM-L6-v2. */
  SENTENCES;

  private static final long OPSET = 21;
  private static final int WIDTH = 4;
  private static final long LEAST_EXTERNAL_BYTES = 256;

  /** One mutant in so many is of the largest model, two are of the next, since those take time. */
  private static final int ROUND = 40;

  /** What the mutant of a seed is made from if nobody asks for a certain one. */
  static Subject of(long seed) {
    int place = (int) Long.remainderUnsigned(seed, ROUND);
    return switch (place) {
      case 13 -> SENTENCES;
      case 0, 27 -> RECOGNITION;
      default -> values()[place % 3];
    };
  }

  /** The model; what it has besides goes into the folder, unless it is there. */
  byte[] bytes(Path folder) throws IOException {
    return switch (this) {
      case GEMM -> bytes(gemm());
      case CONVOLUTIONS -> resource("/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
      case TRANSFORMER -> bytes(transformer());
      case RECOGNITION -> withoutWeights("/models/ch_PP-OCRv3_rec_infer.onnx", folder);
      case SENTENCES -> withoutWeights(MiniLm.RESOURCE, folder);
    };
  }

  private byte[] withoutWeights(String name, Path folder) throws IOException {
    Path file = folder.resolve(name() + ".onnx");
    if (!Files.exists(file)) {
      ModelData model = ModelData.read(ModelSource.of(resource(name)));
      Constants.lift(model.graph());
      model.writeWithExternalData(file, LEAST_EXTERNAL_BYTES); // the model comes last, and whole
    }
    return Files.readAllBytes(file);
  }

  private static byte[] resource(String name) {
    try (InputStream in = Objects.requireNonNull(Subject.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(Graph graph) {
    try (Memory memory = ModelData.of(graph, OPSET).toMemory()) {
      byte[] bytes = new byte[(int) memory.byteSize()];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }

  private static Graph gemm() {
    Graph graph = new Graph("gemm");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(weight("w", WIDTH, WIDTH));
    graph.putInitializer(weight("b", WIDTH));
    graph.add(node("Gemm", "y", List.of("x", "w", "b"), Attribute.of("transB", 1)));
    return graph;
  }

  private static Graph transformer() {
    Graph graph = new Graph("transformer");
    Dimension[] ids = {Dimension.of("batch"), Dimension.of("length")};
    graph.addInput(ValueInfo.tensor("ids", DataType.INT64, ids));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, ids[0], ids[1], Dimension.of(WIDTH)));
    graph.putInitializer(weight("table", 8, WIDTH));
    for (String name : List.of("wq", "wk", "wv")) {
      graph.putInitializer(weight(name, WIDTH, WIDTH));
    }
    graph.putInitializer(weight("gamma", WIDTH));
    graph.putInitializer(weight("beta", WIDTH));
    graph.putInitializer(TensorData.ofLongs("shape", Shape.of(3), 0, -1, WIDTH));
    graph.add(
        node("Gather", "h", List.of("table", "ids")),
        node("MatMul", "q", List.of("h", "wq")),
        node("MatMul", "k", List.of("h", "wk")),
        node("MatMul", "v", List.of("h", "wv")),
        node("Transpose", "kt", List.of("k"), Attribute.of("perm", 0, 2, 1)),
        node("MatMul", "scores", List.of("q", "kt")),
        node("Softmax", "weights", List.of("scores"), Attribute.of("axis", -1)),
        node("MatMul", "mixed", List.of("weights", "v")),
        node("Reshape", "flat", List.of("mixed", "shape")),
        node("Add", "sum", List.of("flat", "h")),
        node("LayerNormalization", "normal", List.of("sum", "gamma", "beta")),
        node("ReduceMax", "most", List.of("normal"), Attribute.of("keepdims", 0)),
        node("Greater", "condition", List.of("most", "zero")),
        node(
            "If",
            "y",
            List.of("condition"),
            Attribute.of("then_branch", branch("Relu", "t")),
            Attribute.of("else_branch", branch("Neg", "e"))));
    graph.putInitializer(TensorData.ofFloats("zero", Shape.scalar(), 0));
    return graph;
  }

  private static Graph branch(String op, String output) {
    Graph graph = new Graph(output);
    graph.add(node(op, output, List.of("normal")));
    graph.addOutput(ValueInfo.tensor(output, DataType.FLOAT32));
    return graph;
  }

  private static Node node(String op, String output, List<String> inputs, Attribute... more) {
    return Node.of(op, inputs, List.of(output), more);
  }

  private static TensorData weight(String name, int... lengths) {
    long[] shape = java.util.Arrays.stream(lengths).asLongStream().toArray();
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 7 - 3) / 4f;
    }
    return TensorData.ofFloats(name, Shape.of(shape), values);
  }
}
