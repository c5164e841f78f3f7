package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EmbeddingRowsTest {
  private static final int WORDS = 200;
  private static final int WIDTH = 48;

  /** Rows of very different size: the last is 2^40 times the first. */
  private static float[] table() {
    float[] table = ChannelQuantizerTest.gaussian(WORDS * WIDTH, 9);
    for (int i = 0; i < table.length; i++) {
      int row = i / WIDTH;
      table[i] *= (float) Math.pow(2, 40.0 * row / WORDS);
    }
    return table;
  }

  private static ModelData lookup() {
    return lookup(table());
  }

  private static ModelData lookup(float[] table) {
    Graph graph = new Graph("lookup");
    graph.addInput(ValueInfo.tensor("ids", DataType.INT64, Dimension.of("n"), Dimension.of("m")));
    graph.putInitializer(TensorData.ofFloats("words", Shape.of(WORDS, WIDTH), table));
    graph.add(Node.of("Gather", List.of("words", "ids"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private static Batch ids(long... ids) {
    return Batch.of("ids", Tensor.of(ids, 1, ids.length));
  }

  private static List<NodeChoice> apply(ModelData model) {
    return EmbeddingRows.apply(model, Set.of());
  }

  @Test
  void everyElementIsWithinHalfAStepOfItsOwnRow() {
    ModelData model = keepsItsBound(table());
    assertThat(model.parameterBytes()).isEqualTo(WORDS * (WIDTH + 4));
  }

  @Test
  void scalesOfOrdinarySizeAreStoredInHalfPrecisionAndTheBoundHolds() {
    ModelData model = keepsItsBound(ChannelQuantizerTest.gaussian(WORDS * WIDTH, 9));
    assertThat(model.parameterBytes()).isEqualTo(WORDS * (WIDTH + 2));
  }

  private static ModelData keepsItsBound(float[] exact) {
    ModelData model = lookup(exact);
    List<NodeChoice> choices = apply(model);
    assertThat(choices).singleElement().extracting(NodeChoice::form).isEqualTo(Form.WEIGHT_INT8);
    assertThat(choices.get(0).signalToNoiseDb()).isBetween(40.0, 50.0);
    assertThat(model.graph().initializer("words")).isNull();
    long[] all = new long[WORDS];
    for (int i = 0; i < WORDS; i++) {
      all[i] = i;
    }
    try (Batch in = ids(all)) {
      float[] y = ModelRuns.run(model, in);
      for (int row = 0; row < WORDS; row++) {
        float reach = 0;
        for (int i = 0; i < WIDTH; i++) {
          reach = Math.max(reach, Math.abs(exact[row * WIDTH + i]));
        }
        for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
          assertThat(y[i]).isCloseTo(exact[i], within(reach / 127 / 2 * 1.001f));
        }
      }
      assertThat(ModelRuns.run(model, Optimization.NONE, in)).isEqualTo(y);
    }
    return model;
  }

  @Test
  void idsCountFromTheEndAndAreCheckedAsBefore() {
    ModelData model = lookup();
    apply(model);
    try (Batch last = ids(-1);
        Batch same = ids(WORDS - 1);
        Batch beyond = ids(WORDS)) {
      assertThat(ModelRuns.run(model, last)).isEqualTo(ModelRuns.run(model, same));
      assertThatThrownBy(() -> ModelRuns.run(model, beyond))
          .isInstanceOf(HoneException.class)
          .hasMessageContaining("out of data bounds");
    }
  }

  @Test
  void aTableOfZerosAndAWordOfZerosStayZero() {
    ModelData model = lookup();
    model
        .graph()
        .putInitializer(
            TensorData.ofFloats("words", Shape.of(WORDS, WIDTH), new float[WORDS * WIDTH]));
    apply(model);
    try (Batch in = ids(7)) {
      assertThat(ModelRuns.run(model, in)).containsOnly(0);
    }
  }

  @Test
  void twoLookupsShareOneTable() {
    ModelData model = lookup();
    model.graph().add(Node.of("Gather", List.of("words", "ids"), List.of("z")));
    model.graph().addOutput(ModelRuns.floats("z"));
    assertThat(apply(model)).extracting(NodeChoice::form).containsOnly(Form.WEIGHT_INT8);
    assertThat(model.graph().initializers()).hasSize(2);
  }

  @Test
  void aTableThatAProductSharesIsLeftUntilTheProductLetsGo() {
    ModelData model = lookup();
    Graph graph = model.graph();
    graph.add(
        Node.of("Transpose", List.of("words"), List.of("turned")),
        Node.of("MatMul", List.of("y", "turned"), List.of("z")));
    graph.addOutput(ModelRuns.floats("z"));
    assertThat(apply(model))
        .singleElement()
        .extracting(NodeChoice::reason)
        .isEqualTo("Its table is also used by MatMul 'z', which needs the floats.");
    BlockWeights.apply(model, BlockQuantizer.INT8, Set.of());
    assertThat(apply(model))
        .singleElement()
        .extracting(NodeChoice::form)
        .isEqualTo(Form.WEIGHT_INT8);
    assertThat(graph.initializer("words")).isNull();
    try (Batch in = ids(1, 2, 3)) {
      assertThat(ModelRuns.run(model, in)).hasSize(3 * WIDTH);
    }
  }

  @Test
  void whatIsLeftSaysWhy() {
    ModelData excluded = lookup();
    assertThat(EmbeddingRows.apply(excluded, Set.of("y")).get(0).reason())
        .isEqualTo("It was excluded.");

    ModelData small = lookup();
    small.graph().putInitializer(TensorData.ofFloats("words", Shape.of(2, 48), new float[96]));
    assertThat(apply(small).get(0).reason()).isEqualTo("Its table of 2 x 48 is small.");

    ModelData columns = lookup();
    columns.graph().nodes().get(0).put(Attribute.of("axis", 1L));
    assertThat(apply(columns).get(0).reason()).contains("columns from its table, not rows");

    float[] broken = table();
    broken[77] = Float.NaN;
    ModelData damaged = lookup();
    damaged.graph().putInitializer(TensorData.ofFloats("words", Shape.of(WORDS, WIDTH), broken));
    assertThat(apply(damaged).get(0).reason()).contains("infinite elements or NaN");

    ModelData shown = lookup();
    shown.graph().addOutput(ModelRuns.floats("words"));
    assertThat(apply(shown).get(0).reason()).isEqualTo("Its table is also an output.");
    for (ModelData left : List.of(excluded, small, columns, damaged, shown)) {
      assertThat(left.graph().nodes()).hasSize(1);
    }
  }

  @Test
  void aTableThatCallersCanOverrideIsNoConstant() {
    ModelData model = lookup();
    model
        .graph()
        .addInput(
            ValueInfo.tensor("words", DataType.FLOAT32, Dimension.of(WORDS), Dimension.of(WIDTH)));
    assertThat(apply(model)).isEmpty();
    assertThat(model.graph().initializers()).hasSize(1);
  }
}
