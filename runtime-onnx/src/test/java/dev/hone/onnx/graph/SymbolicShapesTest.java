package dev.hone.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What follows about shapes, and that nothing does where a model breaks the rules. */
class SymbolicShapesTest {
  private final Graph graph = new Graph("shapes");

  private void input(String name, long... lengths) {
    Dimension[] dims = new Dimension[lengths.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Dimension.of(lengths[i]);
    }
    graph.addInput(ValueInfo.tensor(name, DataType.FLOAT32, dims));
  }

  private void longs(String name, Shape shape, long... values) {
    graph.putInitializer(TensorData.ofLongs(name, shape, values));
  }

  private void add(String op, List<String> inputs, String output, Attribute... attributes) {
    graph.add(Node.of(op, inputs, List.of(output), attributes));
  }

  private String dims(String value) {
    return String.valueOf(SymbolicShapes.of(graph).dims(value));
  }

  @Test
  void negativeAxesCountFromTheEnd() {
    input("x", 2, 3, 4);
    longs("axes", Shape.of(2), -1, 0);
    add("Unsqueeze", List.of("x", "axes"), "wide");
    add("Squeeze", List.of("wide", "axes"), "narrow");
    longs("last", Shape.of(1), -1);
    add("ReduceMean", List.of("x", "last"), "mean");
    longs("one", Shape.scalar(), 1);
    add("Gather", List.of("x", "one"), "row", Attribute.of("axis", -2L));
    assertThat(dims("wide")).isEqualTo("[1, 2, 3, 4, 1]");
    assertThat(dims("narrow")).isEqualTo("[2, 3, 4]");
    assertThat(dims("mean")).isEqualTo("[2, 3, 1]");
    assertThat(dims("row")).isEqualTo("[2, 4]");
  }

  @Test
  void axesThatAreAnEmptyListMeanAllAxesUnlessToldOtherwise() {
    input("x", 2, 3);
    longs("none", Shape.of(0));
    add("ReduceSum", List.of("x", "none"), "all");
    add("ReduceSum", List.of("x", "none"), "same", Attribute.of("noop_with_empty_axes", 1L));
    assertThat(dims("all")).isEqualTo("[1, 1]");
    assertThat(dims("same")).isEqualTo("[2, 3]");
  }

  @Test
  void partsThatOnlyARunTellsAreNotTakenForEqual() {
    input("x", 6);
    graph.addInput(ValueInfo.tensor("lengths", DataType.INT64, Dimension.of(2)));
    graph.add(Node.of("Split", List.of("x", "lengths"), List.of("a", "b")));
    graph.add(Node.of("Split", List.of("x"), List.of("c", "d")));
    assertThat(dims("a")).isEqualTo("[a[0]]");
    assertThat(dims("c")).isEqualTo("[3]");
  }

  @Test
  void aRowOfATableOfIntegersIsNotOneInteger() {
    longs("table", Shape.of(2, 2), 5, 6, 7, 8);
    longs("second", Shape.of(1), 1);
    add("Gather", List.of("table", "second"), "row");
    longs("from", Shape.of(1), 1);
    longs("to", Shape.of(1), 2);
    add("Slice", List.of("table", "from", "to"), "rows");
    longs("list", Shape.of(2), 5, 6);
    add("Gather", List.of("list", "second"), "element");
    SymbolicShapes shapes = SymbolicShapes.of(graph);
    assertThat(shapes.numbers("row")).isNull();
    assertThat(shapes.numbers("rows")).isNull();
    assertThat(shapes.numbers("element")).containsExactly(6);
  }

  @Test
  void oldOperatorsThatBroadcastAtAnAxisHaveTheShapeOfTheirFirstInput() {
    input("x", 2, 3, 4, 5);
    input("b", 3);
    add("Add", List.of("x", "b"), "y", Attribute.of("broadcast", 1L), Attribute.of("axis", 1L));
    assertThat(dims("y")).isEqualTo("[2, 3, 4, 5]");
  }

  @Test
  void nothingIsKnownOfWhatBreaksTheRules() {
    input("scalar");
    input("x", 2, 3);
    longs("axes", Shape.of(3), 0, 0, 1);
    longs("none", Shape.of(0));
    longs("zero", Shape.of(1), 0);
    add("Squeeze", List.of("scalar", "zero"), "a");
    add("Squeeze", List.of("x", "axes"), "b");
    add("Transpose", List.of("scalar"), "c", Attribute.of("perm", new long[] {0}));
    add("ReduceSum", List.of("scalar", "zero"), "d");
    add("Slice", List.of("x", "zero", "zero", "none"), "e");
    add("Transpose", List.of("x"), "f", Attribute.of("perm", new long[] {1}));
    for (String value : List.of("a", "b", "c", "d", "f")) {
      assertThat(dims(value)).as(value).isEqualTo("null");
    }
    assertThat(dims("e")).isEqualTo("[e[0], e[1]]");
  }
}
