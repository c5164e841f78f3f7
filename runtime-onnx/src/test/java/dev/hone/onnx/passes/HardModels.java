package dev.hone.onnx.passes;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntToDoubleFunction;

/** Small models that are legal and unusual. */
final class HardModels {
  private static final int WIDTH = 64;

  private final Random random = new Random(11);
  private final Graph graph = new Graph("hard");
  private long opset = 17;

  /** A model by its name, with the shape of its input. */
  private static final Map<String, long[]> INPUTS =
      Map.ofEntries(
          Map.entry("vectorTimesMatrix", new long[] {WIDTH}),
          Map.entry("productThatIsAnOutputAndSummed", new long[] {3, WIDTH}),
          Map.entry("normalizationsWithAllOutputs", new long[] {3, 5, WIDTH}),
          Map.entry("masksAndChoices", new long[] {3, WIDTH}),
          Map.entry("productsOfBatchesOfMatrices", new long[] {2, 3, WIDTH}),
          Map.entry("weightsThatALoopCaptures", new long[] {3, WIDTH}),
          Map.entry("oddThirdInputsOfGemm", new long[] {WIDTH, WIDTH}),
          Map.entry("tablesReadFromTheEnd", new long[] {3, 16}),
          Map.entry("namesThatPassesWouldGive", new long[] {3, WIDTH}),
          Map.entry("operatorsOfVersion9", new long[] {3, WIDTH}),
          Map.entry("operatorsOfVersion11", new long[] {3, 4, WIDTH}),
          Map.entry("tensorsOfNothing", new long[] {3, WIDTH}),
          Map.entry("optionalInputsAndOutputs", new long[] {2, WIDTH, 8, 8}),
          Map.entry("convolutionsOfOneAndTwoDimensions", new long[] {1, WIDTH, 8, WIDTH}),
          Map.entry("convolutionsInBranches", new long[] {2, WIDTH, 8, 8}),
          Map.entry("weightsInBothPlaces", new long[] {WIDTH, WIDTH}),
          Map.entry("scalarsAndWiderBiases", new long[] {1, WIDTH}));

  private HardModels() {}

  /** What they are called. */
  static List<String> names() {
    return INPUTS.keySet().stream().sorted().toList();
  }

  /** The shape of the input of a model. */
  static long[] inputOf(String name) {
    return INPUTS.getOrDefault(name, new long[0]).clone();
  }

  /** The model of a name. */
  static ModelData of(String name) {
    return new HardModels().model(name);
  }

  private ModelData model(String name) {
    List<Dimension> dims = new ArrayList<>();
    Arrays.stream(inputOf(name)).forEach(i -> dims.add(Dimension.unknown()));
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, dims.toArray(Dimension[]::new)));
    switch (name) {
      case "vectorTimesMatrix" -> vectorTimesMatrix();
      case "productThatIsAnOutputAndSummed" -> productThatIsAnOutputAndSummed();
      case "normalizationsWithAllOutputs" -> normalizationsWithAllOutputs();
      case "masksAndChoices" -> masksAndChoices();
      case "productsOfBatchesOfMatrices" -> productsOfBatchesOfMatrices();
      case "weightsThatALoopCaptures" -> weightsThatALoopCaptures();
      case "oddThirdInputsOfGemm" -> oddThirdInputsOfGemm();
      case "tablesReadFromTheEnd" -> tablesReadFromTheEnd();
      case "namesThatPassesWouldGive" -> namesThatPassesWouldGive();
      case "operatorsOfVersion9" -> operatorsOfVersion9();
      case "operatorsOfVersion11" -> operatorsOfVersion11();
      case "tensorsOfNothing" -> tensorsOfNothing();
      case "optionalInputsAndOutputs" -> optionalInputsAndOutputs();
      case "convolutionsOfOneAndTwoDimensions" -> convolutionsOfOneAndTwoDimensions();
      case "convolutionsInBranches" -> convolutionsInBranches();
      case "weightsInBothPlaces" -> weightsInBothPlaces();
      default -> scalarsAndWiderBiases();
    }
    return ModelData.of(graph, opset);
  }

  private String weights(String name, double spread, long... shape) {
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * spread);
    }
    graph.putInitializer(TensorData.ofFloats(name, Shape.of(shape), values));
    return name;
  }

  private String matrix(String name) {
    return weights(name, 1 / Math.sqrt(WIDTH), WIDTH, WIDTH);
  }

  private String longs(String name, long... values) {
    graph.putInitializer(TensorData.ofLongs(name, Shape.of(values.length), values));
    return name;
  }

  private String add(String op, String to, List<String> from, Attribute... attributes) {
    graph.add(Node.of(op, from, List.of(to), attributes));
    return to;
  }

  private void output(String... values) {
    for (String value : values) {
      graph.addOutput(ModelRuns.floats(value));
    }
  }

  private void vectorTimesMatrix() {
    add("MatMul", "p", List.of("x", matrix("w")));
    add("Add", "s", List.of("p", weights("b", 1, WIDTH)));
    add("MatMul", "y", List.of("s", matrix("v")));
    output("y");
  }

  private void productThatIsAnOutputAndSummed() {
    add("MatMul", "p", List.of("x", matrix("w")));
    add("Add", "s", List.of(weights("b", 1, WIDTH), "p"));
    add("Relu", "r", List.of("s"));
    add("MatMul", "q", List.of("r", matrix("v")));
    add("Add", "twice", List.of("q", "q"));
    output("p", "twice", "s");
  }

  private void normalizationsWithAllOutputs() {
    add("MatMul", "p", List.of("x", matrix("w")));
    graph.add(
        Node.of(
            "LayerNormalization",
            List.of("p", weights("gain", 1, WIDTH)),
            List.of("n", "mean", "spread"),
            Attribute.of("axis", -1L)));
    add("Mul", "again", List.of("n", "spread"));
    add("MatMul", "y", List.of("again", matrix("v")));
    output("y", "mean");
  }

  private void masksAndChoices() {
    add("MatMul", "p", List.of("x", matrix("w")));
    graph.putInitializer(TensorData.ofFloats("zero", Shape.scalar(), 0));
    graph.putInitializer(TensorData.ofFloats("never", Shape.scalar(), -3.4e38f));
    add("Greater", "some", List.of("x", "zero"));
    add("Where", "masked", List.of("some", "p", "never"));
    add("Softmax", "shares", List.of("masked"), Attribute.of("axis", -1L));
    add("MatMul", "y", List.of("shares", matrix("v")));
    output("y");
  }

  private void productsOfBatchesOfMatrices() {
    add("MatMul", "p", List.of("x", weights("w", 0.125, 2, WIDTH, WIDTH)));
    add("MatMul", "q", List.of("p", weights("one", 0.125, 1, WIDTH, WIDTH)));
    add("MatMul", "r", List.of("q", matrix("v")));
    add("MatMul", "s", List.of("r", weights("column", 0.125, WIDTH)));
    output("s", "r");
  }

  /** The body multiplies by a matrix around it, and by one of its own under a name of its own. */
  private void weightsThatALoopCaptures() {
    add("MatMul", "before", List.of("x", matrix("w")));
    Graph body = new Graph("body");
    body.addInput(ValueInfo.tensor("i", DataType.INT64));
    body.addInput(ValueInfo.tensor("going", DataType.BOOL));
    body.addInput(ModelRuns.floats("state"));
    body.putInitializer(TensorData.ofFloats("inner", Shape.of(WIDTH), new float[WIDTH]));
    body.add(
        Node.of("MatMul", List.of("state", "w"), List.of("product")),
        Node.of("Add", List.of("product", "inner"), List.of("sum")),
        Node.of("Tanh", List.of("sum"), List.of("next")),
        Node.of("Identity", List.of("going"), List.of("on")));
    body.addOutput(ValueInfo.tensor("on", DataType.BOOL));
    body.addOutput(ModelRuns.floats("next"));
    longs("times", 3);
    graph.putInitializer(
        TensorData.of(
            "yes", DataType.BOOL, Shape.scalar(), TensorData.littleEndian(1).put(0, (byte) 1)));
    add("Loop", "looped", List.of("times", "yes", "before"), Attribute.of("body", body));
    add("MatMul", "y", List.of("looped", matrix("v")));
    output("y");
  }

  private void oddThirdInputsOfGemm() {
    add("Gemm", "a", List.of("x", matrix("w0"), weights("c0", 1)));
    add("Gemm", "b", List.of("a", matrix("w1"), weights("c1", 1, WIDTH, 1)));
    add("Gemm", "c", List.of("b", matrix("w2"), "x"), Attribute.of("transB", 1L));
    add("Gemm", "d", List.of("c", matrix("w3")), Attribute.of("beta", 0f));
    add(
        "Gemm",
        "e",
        List.of("d", matrix("w4"), weights("c4", 1, 1, WIDTH)),
        Attribute.of("beta", 0.5f));
    add("Gemm", "f", List.of("e", matrix("w5"), weights("c5", 1, 1)), Attribute.of("alpha", 0.5f));
    add("Gemm", "y", List.of("f", matrix("w6")), Attribute.of("transA", 1L));
    output("y");
  }

  private void tablesReadFromTheEnd() {
    weights("table", 1, 300, 32);
    longs("last", -1);
    graph.putInitializer(TensorData.ofLongs("one", Shape.scalar(), -300));
    add("Gather", "a", List.of("table", "last"), Attribute.of("axis", -2L));
    add("Gather", "b", List.of("table", "one"));
    add("Transpose", "turned", List.of(weights("wide", 1, 32, 300)), Attribute.of("perm", 1, 0));
    add("Gather", "c", List.of("turned", "one"));
    add("Gather", "d", List.of(weights("columns", 1, 32, 300), "last"), Attribute.of("axis", -1L));
    add("Reshape", "e", List.of("d", longs("flat", -1)));
    add("Sum", "f", List.of("a", "b", "c", "e"));
    add("MatMul", "g", List.of("x", weights("w", 1, 16, 32)));
    add("Add", "y", List.of("g", "f"));
    output("y");
  }

  private void namesThatPassesWouldGive() {
    matrix("w");
    List<String> taken =
        List.of(
            "w_codes",
            "w_scales",
            "w_zeros",
            "w_half",
            "w_quantized",
            "w_scale",
            "x_scale",
            "x_quantized",
            "x_codes",
            "x_zero",
            "x_half",
            "p_half",
            "w_bias",
            "x_zero_point",
            "w_restored",
            "x_zero_point_1",
            "weight_zero_point");
    String last = "x";
    for (String name : taken) {
      last = add("Mul", name, List.of(last, weights("f_" + name, 0.1, 1)));
      graph.putInitializer(TensorData.ofFloats("f_" + name, Shape.of(1), 1.01f));
    }
    add("MatMul", "p", List.of("x", "w"));
    add("Add", "s", List.of("p", weights("b", 1, WIDTH)));
    add("MatMul", "q", List.of(last, "w"));
    add("Sub", "y", List.of("s", "q"));
    output("y");
  }

  private void operatorsOfVersion9() {
    opset = 9;
    add("MatMul", "p", List.of("x", matrix("w")));
    add("Add", "s", List.of("p", weights("b", 1, WIDTH)));
    add("Dropout", "d", List.of("s"), Attribute.of("ratio", 0.5f));
    add("Clip", "c", List.of("d"), Attribute.of("min", -1f), Attribute.of("max", 2f));
    add("Gemm", "g", List.of("c", matrix("v"), weights("c0", 1, WIDTH)));
    add("Softmax", "y", List.of("g"));
    output("y");
  }

  private void operatorsOfVersion11() {
    opset = 11;
    add("MatMul", "p", List.of("x", matrix("w")));
    add("Softmax", "s", List.of("p"));
    add("Unsqueeze", "u", List.of("s"), Attribute.of("axes", -1L, 0L));
    add("Squeeze", "q", List.of("u"), Attribute.of("axes", 0L, -1L));
    graph.add(
        Node.of(
            "Split",
            List.of("q"),
            List.of("left", "right"),
            Attribute.of("axis", -1L),
            Attribute.of("split", 16L, 48L)));
    add("Concat", "c", List.of("right", "left"), Attribute.of("axis", -1L));
    add("ReduceSum", "r", List.of("c"), Attribute.of("axes", new long[] {-2}));
    add("Add", "t", List.of("c", "r"));
    add("MatMul", "y", List.of("t", matrix("v")));
    output("y");
  }

  private void tensorsOfNothing() {
    graph.putInitializer(TensorData.ofFloats("none", Shape.of(0, WIDTH)));
    graph.putInitializer(TensorData.ofFloats("thin", Shape.of(WIDTH, 0)));
    add("Concat", "c", List.of("x", "none"), Attribute.of("axis", 0L));
    add("MatMul", "p", List.of("c", matrix("w")));
    add("MatMul", "nothing", List.of("p", "thin"));
    add("Concat", "y", List.of("p", "nothing"), Attribute.of("axis", -1L));
    output("y", "nothing");
  }

  private void optionalInputsAndOutputs() {
    convolution("a", "x", 3);
    add("Clip", "low", List.of("a", "", weights("six", 1)));
    graph.putInitializer(TensorData.ofFloats("six", Shape.scalar(), 2));
    graph.add(
        Node.of(
            "MaxPool",
            List.of("low"),
            List.of("m", "where"),
            Attribute.of("kernel_shape", 2L, 2L),
            Attribute.of("strides", 2L, 2L)));
    graph.putInitializer(TensorData.ofFloats("scales", Shape.of(4), 1, 1, 2, 2));
    add("Resize", "up", List.of("m", "", "scales"));
    longs("pads", 0, 0, 1, 1, 0, 0, 1, 1);
    add("Pad", "padded", List.of("up", "pads"));
    graph.add(Node.of("Dropout", List.of("padded"), List.of("d", "mask")));
    convolution("y", "d", 3);
    graph.add(Cast.of("where", "places", DataType.FLOAT32));
    graph.add(Cast.of("mask", "kept", DataType.FLOAT32));
    output("y", "places", "kept");
  }

  private String convolution(String to, String from, int side) {
    int pad = side / 2;
    return add(
        "Conv",
        to,
        List.of(
            from,
            weights("w_" + to, 1.0 / (8 * side), WIDTH, WIDTH, side, side),
            weights("b_" + to, 0.1, WIDTH)),
        Attribute.of("pads", pad, pad, pad, pad));
  }

  /** The line's channels lie beside the image's rows: they are as many, and another axis. */
  private void convolutionsOfOneAndTwoDimensions() {
    add("Transpose", "upright", List.of("x"), Attribute.of("perm", 0, 1, 3, 2));
    convolution("image", "upright", 3);
    graph.putInitializer(TensorData.ofLongs("row", Shape.scalar(), 0));
    add("Gather", "cut", List.of("x", "row"), Attribute.of("axis", 2L));
    add("Slice", "short", List.of("cut", longs("from", 0), longs("to", 8), longs("axis", 2)));
    add("Conv", "line", List.of("short", weights("w_line", 0.125, WIDTH, WIDTH, 1)));
    add("Add", "sum", List.of("image", "line"));
    convolution("y", "sum", 3);
    int inner = WIDTH * 9;
    scale("w_image", i -> gain(i / inner));
    scale("b_image", HardModels::gain);
    scale("w_y", i -> 1 / gain(i % inner / 9));
    output("y");
  }

  private static double gain(int channel) {
    return Math.pow(4, channel % 4);
  }

  private void scale(String weights, IntToDoubleFunction factor) {
    TensorData held = Objects.requireNonNull(graph.initializer(weights));
    float[] values = held.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) factor.applyAsDouble(i);
    }
    graph.putInitializer(TensorData.ofFloats(weights, held.shape(), values));
  }

  private void convolutionsInBranches() {
    convolution("a", "x", 3);
    add("Relu", "r", List.of("a"));
    Graph then = new Graph("then");
    then.add(
        Node.of("Conv", List.of("r", "w_a"), List.of("c"), Attribute.of("pads", 1L, 1L, 1L, 1L)));
    then.addOutput(ModelRuns.floats("c"));
    Graph otherwise = new Graph("else");
    otherwise.add(Node.of("Neg", List.of("a"), List.of("n")));
    otherwise.addOutput(ModelRuns.floats("n"));
    graph.putInitializer(
        TensorData.of(
            "yes", DataType.BOOL, Shape.scalar(), TensorData.littleEndian(1).put(0, (byte) 1)));
    add(
        "If",
        "branched",
        List.of("yes"),
        Attribute.of("then_branch", then),
        Attribute.of("else_branch", otherwise));
    add("Add", "s", List.of("branched", "r"));
    convolution("y", "s", 3);
    output("y", "a");
  }

  private void weightsInBothPlaces() {
    matrix("w");
    add("MatMul", "p", List.of("w", "x"));
    add("MatMul", "q", List.of("p", "w"));
    add("Gemm", "g", List.of("q", "w", "w"));
    add("Add", "y", List.of("g", "w"));
    output("y", "w");
  }

  private void scalarsAndWiderBiases() {
    add("MatMul", "p", List.of("x", weights("w", 0.125, WIDTH, 1)));
    add("Add", "wide", List.of("p", weights("b", 1, WIDTH)));
    add("MatMul", "q", List.of("wide", matrix("v")));
    add("Add", "r", List.of("q", weights("tall", 1, 5, 1, WIDTH)));
    add("MatMul", "y", List.of("r", matrix("u")));
    output("y");
  }
}
