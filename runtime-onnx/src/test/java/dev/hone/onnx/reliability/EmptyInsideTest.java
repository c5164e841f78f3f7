package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes empty inside a model, between nodes, where no check of inputs sees it. */
class EmptyInsideTest {
  /** The largest of those values that are wanted, or of all. */
  private static ModelData largest(boolean chooses) {
    Graph graph = new Graph("largest");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(4)));
    graph.addInput(ValueInfo.tensor("wanted", DataType.BOOL, Dimension.of("n")));
    graph.addOutput(
        ValueInfo.tensor("y", DataType.FLOAT32, Dimension.unknown(), Dimension.unknown()));
    graph.putInitializer(TensorData.ofLongs("k", Shape.of(1), 1));
    graph.putInitializer(TensorData.ofLongs("rows", Shape.of(1), 0));
    if (chooses) {
      graph.add(Node.of("NonZero", List.of("wanted"), List.of("places")).named("finder"));
      graph.add(Node.of("Squeeze", List.of("places", "rows"), List.of("place")));
      graph.add(Node.of("Gather", List.of("x", "place"), List.of("chosen")));
    } else {
      graph.add(Node.of("Relu", List.of("x"), List.of("chosen")));
    }
    graph.add(Node.of("TopK", List.of("chosen", "k"), List.of("y", "i")).named("top"));
    return ModelData.of(graph, 17);
  }

  @Test
  void theReportNamesNodesThatMayEndTheProcess() {
    try (Session session = Session.open(ModelRuns.model(largest(true)));
        Session safe = Session.open(ModelRuns.model(largest(false)))) {
      assertThat(session.report().notes())
          .anyMatch(
              note ->
                  note.startsWith(
                          "Where the NonZero 'finder' finds nothing, and what it gives reaches the"
                              + " TopK 'top', ONNX Runtime ")
                      && note.contains("may end the process"));
      assertThat(safe.report().notes()).noneMatch(note -> note.contains("end the process"));
    }
  }

  /** When this fails, ONNX Runtime has learned it, and the note may go. */
  @Test
  @Timeout(120)
  void theyReallyDo(@TempDir Path folder) throws IOException, InterruptedException {
    assumeTrue(
        Set.of("amd64", "x86_64").contains(System.getProperty("os.arch")),
        "other processors divide by zero without a word");
    ChildJvm child =
        ChildJvm.run(folder, List.of("-XX:-CreateCoredumpOnCrash"), EmptyInsideTest.class);
    assertThat(child.output()).contains("> 2").doesNotContain("> 0");
    assertThat(child.exitCode()).isNotZero();
  }

  /** The child. */
  public static void main(String[] arguments) {
    try (Session session = Session.open(ModelRuns.model(largest(true)))) {
      for (boolean wanted : new boolean[] {true, false}) {
        try (Batch in =
                Batch.of(
                    "x",
                    Tensor.allocate(DataType.FLOAT32, Shape.of(2, 4)),
                    "wanted",
                    Tensor.of(new boolean[] {wanted, wanted}));
            Batch out = session.run(in)) {
          System.out.println("> " + out.get("y").shape().rows());
        }
      }
    }
  }
}
