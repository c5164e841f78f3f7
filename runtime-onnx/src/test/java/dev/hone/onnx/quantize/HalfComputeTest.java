package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.DrawnLines;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HalfComputeTest {
  private static final int WIDTH = 24;

  private final Graph graph = new Graph("halves");

  private ModelData model() {
    return ModelData.of(graph, 17);
  }

  private void input(String name) {
    graph.addInput(
        ValueInfo.tensor(name, DataType.FLOAT32, Dimension.of("n"), Dimension.of(WIDTH)));
  }

  private void weights(String name, int seed) {
    graph.putInitializer(
        TensorData.ofFloats(
            name, Shape.of(WIDTH, WIDTH), ChannelQuantizerTest.gaussian(WIDTH * WIDTH, seed)));
  }

  private void scalar(String name, float value) {
    graph.putInitializer(TensorData.ofFloats(name, Shape.scalar(), value));
  }

  private void node(String op, List<String> in, String out, Attribute... more) {
    graph.add(Node.of(op, in, List.of(out), more));
  }

  private void output(String name) {
    graph.addOutput(ModelRuns.floats(name));
  }

  /** The nodes of the changed graph in short, for example {@code Cast MatMul Cast}. */
  private static String operators(ModelData model) {
    return String.join(" ", model.graph().nodes().stream().map(Node::op).toList());
  }

  private static ModelData changed(ModelData model, String... excluded) {
    ModelData changed = model.copy();
    HalfCompute.apply(changed, Set.of(excluded));
    return changed;
  }

  /** How near the changed model's answers are to the original's, in decibels. */
  private static double decibels(ModelData before, ModelData after) {
    float[] values = ChannelQuantizerTest.gaussian(3 * WIDTH, 9);
    try (Batch in = Batch.of("x", Tensor.of(values, 3, WIDTH))) {
      return SignalToNoise.decibels(
          ModelRuns.run(before, in), ModelRuns.run(HalfRounding.of(after), in));
    }
  }

  @Test
  void productsAndWhatLiesBetweenThemAreHalfAndTheEdgesKeepTheirTypes() {
    input("x");
    weights("A", 1);
    weights("B", 2);
    node("MatMul", List.of("x", "A"), "a");
    node("Relu", List.of("a"), "r");
    node("MatMul", List.of("r", "B"), "y");
    output("y");
    ModelData after = changed(model());
    assertThat(operators(after)).isEqualTo("Cast MatMul Relu MatMul Cast");
    assertThat(after.signature()).isEqualTo(model().signature());
    assertThat(after.graph().initializers())
        .hasSize(2)
        .allMatch(weight -> weight.type() == DataType.FLOAT16);
    assertThat(decibels(model(), after)).isBetween(50.0, 90.0);
  }

  @Test
  void aValueThatSeveralUseIsConvertedOnce() {
    input("x");
    weights("A", 1);
    weights("B", 2);
    node("MatMul", List.of("x", "A"), "a");
    node("MatMul", List.of("x", "B"), "b");
    node("Add", List.of("a", "b"), "y");
    output("y");
    assertThat(operators(changed(model()))).isEqualTo("Cast MatMul MatMul Add Cast");
  }

  @Test
  void aTypeThatOnlyALaterUserTellsHoldsForEarlierOnesToo() {
    input("x");
    weights("w", 1);
    graph.add(Node.of("my.domain", "Mystery", List.of("x"), List.of("u")));
    node("Transpose", List.of("u"), "t");
    node("MatMul", List.of("u", "t"), "scores");
    node("MatMul", List.of("u", "w"), "y"); // here it shows that u holds floats
    output("scores");
    output("y");

    assertThat(changed(model()).graph().nodes("MatMul"))
        .hasSize(2)
        .allSatisfy(
            product -> assertThat(product.inputs()).allMatch(input -> input.contains("_half")));
  }

  @Test
  void anIntegerIsMadeOfTheWholeFloat() {
    input("x");
    weights("w", 1);
    node("MatMul", List.of("x", "w"), "y");
    node("Cast", List.of("x"), "whole", Attribute.of("to", 7));
    output("y");
    output("whole");

    List<Node> casts = changed(model()).graph().nodes("Cast");
    assertThat(casts)
        .filteredOn(cast -> cast.longAttribute("to", 0) == 7)
        .singleElement()
        .satisfies(cast -> assertThat(cast.input(0)).isEqualTo("x"));
  }

  @Test
  void aGreatDivisorKeepsItsUserInSinglePrecision() {
    input("x");
    weights("w", 1);
    scalar("million", 1e6f);
    node("MatMul", List.of("x", "w"), "a");
    node("Div", List.of("a", "million"), "b");
    node("MatMul", List.of("b", "w"), "y");
    output("y");

    assertThat(changed(model()).graph().nodes("Div"))
        .singleElement()
        .satisfies(div -> assertThat(div.inputs()).containsExactly("a", "million"));
  }

  @Test
  void whatNeedsAWiderRangeStaysInSinglePrecision() {
    input("x");
    weights("A", 1);
    scalar("two", 2);
    node("MatMul", List.of("x", "A"), "a");
    node("Pow", List.of("a", "two"), "square");
    node("ReduceMean", List.of("square"), "y", Attribute.of("axes", new long[] {-1}));
    output("y");
    ModelData after = changed(model());
    assertThat(operators(after)).isEqualTo("Cast MatMul Cast Pow ReduceMean");
    assertThat(decibels(model(), after)).isGreaterThan(50);
  }

  @Test
  void whatHasNoProductBesideItIsNotWorthAConversion() {
    input("x");
    scalar("epsilon", 1e-12f);
    weights("A", 1);
    node("ReduceSumSquare", List.of("x"), "sum", Attribute.of("axes", new long[] {-1}));
    node("Add", List.of("sum", "epsilon"), "more");
    node("Sqrt", List.of("more"), "length");
    node("Div", List.of("x", "length"), "unit");
    node("MatMul", List.of("unit", "A"), "y");
    output("y");
    assertThat(operators(changed(model())))
        .isEqualTo("ReduceSumSquare Add Sqrt Cast Cast Div MatMul Cast");
  }

  @Test
  void aConversionThatIsThereIsTurnedIntoTheOneThatIsNeeded() {
    graph.addInput(ValueInfo.tensor("mask", DataType.INT64, Dimension.of("n"), Dimension.of(1)));
    input("x");
    weights("A", 1);
    scalar("one", 1);
    scalar("never", -Float.MAX_VALUE);
    node("Cast", List.of("mask"), "m", Attribute.of("to", 1L));
    node("Sub", List.of("one", "m"), "turned");
    node("Mul", List.of("turned", "never"), "penalty");
    node("MatMul", List.of("x", "A"), "scores");
    node("Add", List.of("scores", "penalty"), "masked");
    node("Softmax", List.of("masked"), "y");
    output("y");
    ModelData after = changed(model());
    assertThat(after.graph().nodes("Cast")).hasSize(3);
    try (Batch in =
            Batch.of(
                "mask",
                Tensor.of(new long[] {1, 0}, 2, 1),
                "x",
                Tensor.of(new float[2 * WIDTH], 2, WIDTH));
        Batch same = Batch.join(List.of(in))) {
      float[] shares = ModelRuns.run(HalfRounding.of(after), same);
      assertThat(shares).as("no infinity less infinity").doesNotContain(Float.NaN);
      assertThat(shares[0]).isEqualTo(shares[1]);
    }
  }

  @Test
  void aConstantBeyondTheHalvesKeepsItsUserInSinglePrecision() {
    input("x");
    float[] large = ChannelQuantizerTest.gaussian(WIDTH * WIDTH, 1);
    large[5] = 1e5f;
    graph.putInitializer(TensorData.ofFloats("A", Shape.of(WIDTH, WIDTH), large));
    node("MatMul", List.of("x", "A"), "y");
    output("y");
    ModelData model = model();
    byte[] before = ModelRuns.bytes(model);
    assertThat(HalfCompute.apply(model, Set.of()))
        .containsExactly(
            NodeChoice.left(
                "y",
                "MatMul",
                "Its constant holds 100000.0, which is beyond the half-precision floats."));
    assertThat(ModelRuns.bytes(model)).isEqualTo(before);
  }

  @Test
  void excludedNodesStayInSinglePrecision() {
    input("x");
    weights("A", 1);
    node("MatMul", List.of("x", "A"), "a");
    node("MatMul", List.of("a", "A"), "y");
    output("y");
    ModelData after = changed(model(), "a");
    assertThat(operators(after)).isEqualTo("MatMul Cast MatMul Cast");
    assertThat(after.graph().initializers())
        .extracting(TensorData::type)
        .containsExactlyInAnyOrder(DataType.FLOAT32, DataType.FLOAT16);
  }

  @Test
  void subgraphsSeeTheTypesThatTheyKnow() {
    input("x");
    weights("A", 1);
    graph.putInitializer(
        TensorData.of("yes", DataType.BOOL, Shape.scalar(), TensorData.littleEndian(1)));
    node("MatMul", List.of("x", "A"), "a");
    graph.add(
        Node.of(
            "If",
            List.of("yes"),
            List.of("b"),
            Attribute.of("then_branch", branch("Add")),
            Attribute.of("else_branch", branch("Sub"))));
    node("MatMul", List.of("b", "A"), "y");
    output("y");
    graph.putValueInfo(ModelRuns.floats("b"));
    ModelData after = changed(model());
    assertThat(operators(after)).isEqualTo("Cast MatMul Cast If Cast MatMul Cast");
    assertThat(decibels(model(), after)).isGreaterThan(45);
  }

  private static Graph branch(String op) {
    Graph branch = new Graph(op);
    branch.add(Node.of("MatMul", List.of("a", "A"), List.of("p_" + op)));
    branch.add(Node.of(op, List.of("a", "p_" + op), List.of("inner_" + op)));
    branch.addOutput(ModelRuns.floats("inner_" + op));
    return branch;
  }

  @Test
  void shapesAreReadOffHalvesWithoutConvertingThem() {
    input("x");
    weights("A", 1);
    node("MatMul", List.of("x", "A"), "a");
    node("Shape", List.of("a"), "shape");
    node("MatMul", List.of("a", "A"), "b");
    node("Reshape", List.of("b", "shape"), "y");
    output("y");
    assertThat(operators(changed(model()))).isEqualTo("Cast MatMul Shape MatMul Reshape Cast");
  }

  @Test
  void whatOverflowsInHalvesIsSeenToOverflowOnTheProcessor() {
    input("x");
    weights("A", 1);
    weights("B", 2);
    float[] large = Objects.requireNonNull(graph.initializer("A")).toFloats();
    for (int i = 0; i < large.length; i++) {
      large[i] *= 3e4f;
    }
    graph.putInitializer(TensorData.ofFloats("A", Shape.of(WIDTH, WIDTH), large));
    node("MatMul", List.of("x", "A"), "a");
    node("MatMul", List.of("a", "B"), "y");
    output("y");
    ModelData after = changed(model());
    float[] values = ChannelQuantizerTest.gaussian(WIDTH, 9);
    try (Batch in = Batch.of("x", Tensor.of(values, 1, WIDTH))) {
      assertThat(ModelRuns.run(after, in)).as("not rounded").doesNotContain(Float.NaN);
      assertThat(ModelRuns.run(HalfRounding.of(after), in)).as("rounded").contains(Float.NaN);
    }
  }

  @Test
  void whatIsHalfAlreadyStays() {
    input("x");
    weights("A", 1);
    node("MatMul", List.of("x", "A"), "y");
    output("y");
    ModelData once = changed(model());
    assertThat(HalfCompute.apply(once, Set.of())).isEmpty();
    assertThat(ModelRuns.bytes(once)).isEqualTo(ModelRuns.bytes(changed(model())));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTransformerKeepsItsAnswers(boolean fused) {
    ModelData model =
        ModelData.read(ModelSource.ofResource(HalfComputeTest.class, MiniLm.RESOURCE));
    ModelData before = model.copy();
    Constants.lift(model.graph());
    if (fused) {
      Fusions.apply(model);
    }
    List<NodeChoice> choices = HalfCompute.apply(model, Set.of());
    assertThat(choices).allMatch(choice -> choice.form() == Form.HALF_COMPUTE);
    double size = ModelRuns.bytes(model).length / (double) ModelRuns.bytes(before).length;
    assertThat(size).isLessThan(fused ? 0.51 : 0.8); // unfused, the embeddings are added up in FP32
    long[] ids = MiniLm.tokenize(List.of("Half precision keeps what a sentence means.")).get(0);
    try (Batch in = MiniLm.batch(ids)) {
      double cosine = cosine(ModelRuns.run(before, in), ModelRuns.run(HalfRounding.of(model), in));
      assertThat(cosine).isBetween(0.9999, 1.0);
      assertThat(ModelRuns.run(model, in)).hasSameSizeAs(ModelRuns.run(before, in));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ch_PP-OCRv4_rec_infer",
        "ch_PP-OCRv4_det_infer",
        "ch_ppocr_mobile_v2.0_cls_infer"
      })
  void aConvolutionalNetworkKeepsItsAnswers(String name) {
    ModelData model =
        ModelData.read(
            ModelSource.ofResource(HalfComputeTest.class, DrawnLines.FOLDER + name + ".onnx"));
    ModelData before = model.copy();
    Constants.lift(model.graph());
    Fusions.apply(model);
    List<NodeChoice> choices = HalfCompute.apply(model, Set.of());
    assertThat(choices)
        .filteredOn(choice -> choice.operator().equals("Conv"))
        .isNotEmpty()
        .allMatch(choice -> choice.form() == Form.HALF_COMPUTE);
    try (Batch in = picture(name)) {
      double cosine = cosine(ModelRuns.run(before, in), ModelRuns.run(HalfRounding.of(model), in));
      assertThat(cosine).isBetween(0.999, 1.0);
    }
  }

  private static Batch picture(String name) {
    if (name.contains("rec")) {
      return DrawnLines.line("Half precision", 7);
    }
    Batch line = DrawnLines.turnable("Half precision", 7, false);
    return name.contains("det") ? twice(line) : line;
  }

  /** A page of two lines, one below the other: text is found in pictures of 32 n pixels only. */
  private static Batch twice(Batch line) {
    try (line) {
      float[] values = line.get("x").toFloatArray();
      float[] page = new float[2 * values.length];
      int plane = 48 * 192;
      for (int i = 0; i < 6; i++) {
        System.arraycopy(values, i / 2 * plane, page, i * plane, plane);
      }
      return Batch.of("x", Tensor.of(page, 1, 3, 96, 192));
    }
  }

  private static double cosine(float[] x, float[] y) {
    double dot = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      dot += (double) x[i] * y[i];
      xx += (double) x[i] * x[i];
      yy += (double) y[i] * y[i];
    }
    return dot / Math.sqrt(xx * yy);
  }
}
