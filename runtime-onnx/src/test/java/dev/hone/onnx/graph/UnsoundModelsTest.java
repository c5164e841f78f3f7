package dev.hone.onnx.graph;

import static dev.hone.onnx.graph.Protos.adding;
import static dev.hone.onnx.graph.Protos.input;
import static dev.hone.onnx.graph.Protos.model;
import static dev.hone.onnx.graph.Protos.node;
import static dev.hone.onnx.graph.Protos.nodeWith;
import static dev.hone.onnx.graph.Protos.output;
import static dev.hone.onnx.graph.Protos.refusal;
import static dev.hone.onnx.graph.Protos.tensor;
import static dev.hone.onnx.graph.Protos.text;
import static dev.hone.onnx.graph.Protos.weight;
import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that can be read, but whose parts do not fit together: what the message says. */
class UnsoundModelsTest {
  private static final String PREFIX = "'m' is an ONNX model, but not a sound one: ";
  private static final String REMEDY = ". Fetch or export it again.";

  private static void isRefused(byte[] model, String because) {
    assertThat(refusal(model)).isEqualTo(PREFIX + because + REMEDY);
  }

  @Test
  void aSoundModelIsNotRefused() {
    Model model = Model.load(adding(weight("w")));
    assertThat(model.parameterCount()).isEqualTo(2);
  }

  @Test
  void aTensorWithTooFewBytesIsRefused() {
    byte[] tensor = tensor("w", 1, new long[] {1000, 1000}, encode(9, new byte[8]));
    isRefused(
        adding(encode(5, tensor)),
        "the tensor 'w' of FLOAT32[1000, 1000] needs 4000000 bytes, but holds 8");
  }

  @Test
  void aTensorWithTooManyBytesIsRefused() {
    byte[] tensor = tensor("w", 1, new long[] {1}, encode(9, new byte[8]));
    isRefused(adding(encode(5, tensor)), "the tensor 'w' of FLOAT32[1] needs 4 bytes, but holds 8");
  }

  @Test
  void aTensorWithTooFewTextsIsRefused() {
    byte[] tensor = tensor("w", 8, new long[] {3}, text(6, "one"));
    isRefused(adding(encode(5, tensor)), "the tensor 'w' of STRING[3] needs 3 texts, but holds 1");
  }

  @Test
  void aTensorWithANegativeLengthIsRefused() {
    byte[] tensor = tensor("w", 1, new long[] {-1, 2}, encode(9, new byte[8]));
    isRefused(adding(encode(5, tensor)), "the tensor 'w' has a negative dimension: [-1, 2]");
  }

  @Test
  void aTensorWhoseSizeOverflowsIsRefused() {
    byte[] tensor = tensor("w", 1, new long[] {1L << 62, 1L << 62}, encode(9, new byte[8]));
    assertThat(refusal(adding(encode(5, tensor))))
        .contains("the tensor 'w' has more elements than can be: [4611686018427387904, ");
  }

  @Test
  void aTensorOfAnUnknownTypeIsRefused() {
    byte[] tensor = tensor("w", 99, new long[] {2}, encode(9, new byte[8]));
    isRefused(
        adding(encode(5, tensor)),
        "the tensor 'w' has the element type 99, which ONNX does not know");
  }

  @Test
  void aTensorInTheAttributeOfANodeIsCheckedToo() {
    byte[] tensor = tensor("v", 1, new long[] {3}, encode(9, new byte[8]));
    byte[] attribute = encode(5, join(text(1, "value"), encode(5, tensor), encode(20, 4)));
    isRefused(
        model(nodeWith(attribute, "Constant", "y"), output("y")),
        "the tensor 'v' of FLOAT32[3] needs 12 bytes, but holds 8");
  }

  @Test
  void aValueThatNothingMakesIsRefused() {
    assertThat(refusal(model(input("x"), node("Add", "y", "x", "ghost"), output("y"))))
        .contains("Add", "needs 'ghost', which nothing makes");
  }

  @Test
  void anOutputThatNothingMakesIsRefused() {
    isRefused(
        model(input("x"), node("Identity", "y", "x"), output("z")),
        "the output 'z' of the graph 'main' is made by none of its nodes");
  }

  @Test
  void aValueMadeTwiceIsRefused() {
    assertThat(
            refusal(model(input("x"), node("Abs", "y", "x"), node("Neg", "y", "x"), output("y"))))
        .contains("Neg", "is called 'y', but another value has that name already");
  }

  @Test
  void twoInputsOrOutputsOrWeightsOfOneNameAreRefused() {
    byte[] body = join(node("Identity", "y", "x"), output("y"));
    isRefused(
        model(input("x"), input("x"), body),
        "an input of the graph 'main' is called 'x', but another value has that name already");
    isRefused(
        model(input("x"), body, output("y")), "two outputs of the graph 'main' are called 'y'");
    assertThat(refusal(model(input("x"), weight("w"), weight("w"), body)))
        .contains("two initializers are called 'w'");
  }

  @Test
  void aNodeWithoutOperatorIsRefused() {
    isRefused(model(input("x"), node("", "y", "x"), output("y")), "the node '' names no operator");
  }

  @Test
  void aCircleIsRefused() {
    byte[] model =
        model(input("x"), node("Add", "a", "x", "b"), node("Abs", "b", "a"), output("b"));
    assertThat(refusal(model)).contains("needs, through other nodes, what it makes itself");
  }

  @Test
  void aGraphInAGraphSeesTheNamesAroundItAndNoOthers() {
    assertThat(refusal(conditional("hidden"))).contains("needs 'hidden', which nothing makes");
    assertThat(Model.load(conditional("x")).signature().inputNames()).containsExactly("x", "c");
  }

  /** Both branches use {@code used}; the first has made {@code hidden}. */
  private static byte[] conditional(String used) {
    byte[] then = join(node("Abs", "hidden", "x"), node("Neg", "t", used), output("t"));
    byte[] otherwise = join(node("Neg", "e", used), output("e"));
    byte[] branches =
        join(
            encode(5, join(text(1, "then_branch"), encode(6, then), encode(20, 5))),
            encode(5, join(text(1, "else_branch"), encode(6, otherwise), encode(20, 5))));
    return model(input("x"), input("c"), nodeWith(branches, "If", "y", "c"), output("y"));
  }

  /** Native shape inference would divide by it, and take the process with it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"strides", "dilations", "kernel_shape", "group", "blocksize", "num_outputs"})
  void anAttributeThatIsDividedByMustNotBeZero(String name) {
    Graph graph = new Graph("g");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of(1)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of(1)));
    boolean single = name.equals("group") || name.startsWith("b") || name.startsWith("n");
    Attribute zero = single ? Attribute.of(name, 0L) : Attribute.of(name, new long[] {1, 0});
    graph.add(Node.of("MaxPool", List.of("x"), List.of("y"), zero));
    assertThat(refusal(bytes(graph)))
        .startsWith(PREFIX)
        .contains("MaxPool", name, "must be at least 1")
        .endsWith(REMEDY);
  }

  /** Native shape inference would look at its second dimension, which is not there. */
  @ParameterizedTest
  @ValueSource(strings = {"Conv", "ConvTranspose", "ConvInteger", "DeformConv", "QLinearConv"})
  void aConvolutionNeedsAKernelWithDimensions(String op) {
    Graph graph = new Graph("g");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of(1)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of(1)));
    graph.putInitializer(TensorData.ofFloats("k", Shape.scalar(), 1));
    List<String> inputs =
        op.equals("QLinearConv") ? List.of("x", "x", "x", "k") : List.of("x", "k");
    graph.add(Node.of(op, inputs, List.of("y")));
    assertThat(refusal(bytes(graph)))
        .contains(op, "the kernel 'k' of shape []", "three dimensions");
  }

  /** A native kernel would write beyond its memory. */
  @ParameterizedTest
  @ValueSource(strings = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"})
  void onlyTheOperatorPadMayPadByLessThanNothing(String op) {
    assertThat(refusal(bytes(padding(op))))
        .contains(op + " ", "pads", "-2", "must be at least 0")
        .startsWith(PREFIX);
    assertThat(Model.load(bytes(padding("Pad"))).signature().inputNames()).containsExactly("x");
  }

  private static Graph padding(String op) {
    Graph graph = new Graph("g");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of(1)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of(1)));
    graph.add(Node.of(op, List.of("x"), List.of("y"), Attribute.of("pads", 0L, -2L)));
    return graph;
  }

  private static byte[] bytes(Graph graph) {
    try (Memory memory = ModelData.of(graph, 17).toMemory()) {
      byte[] bytes = new byte[(int) memory.byteSize()];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }

  @Test
  void anOutputThatPromisesMoreThanMemoryHoldsGivesWhatItReallyIs() {
    byte[] lying = model(input("x"), node("Neg", "y", "x"), output("y", 1L << 40, 2));
    try (Session session = Session.open(Model.load(lying));
        Batch in = Batch.of("x", Tensor.of(new float[][] {{1, 2}}));
        Batch out = session.run(in)) {
      assertThat(out.get("y").toFloatMatrix()).isDeepEqualTo(new float[][] {{-1, -2}});
    }
  }

  @Test
  void manyWeightsThatAreInputsTakeNoQuadraticTime() {
    ByteArrayOutputStream values = new ByteArrayOutputStream();
    for (int i = 0; i < 150_000; i++) {
      values.writeBytes(input("w" + i));
      values.writeBytes(weight("w" + i));
    }
    byte[] model = model(values.toByteArray(), node("Identity", "y", "w0"), output("y"));
    Model loaded =
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> Model.load(model));
    assertThat(loaded.signature().inputs()).hasSize(150_000);
  }
}
