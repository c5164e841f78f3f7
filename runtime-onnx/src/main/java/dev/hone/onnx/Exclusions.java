package dev.hone.onnx;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The nodes that options leave alone, by the names that passes know them by. */
final class Exclusions {
  private Exclusions() {}

  /**
   * The names of all nodes that a pattern fits.
   *
   * @param patterns names, in which {@code *} stands for any text
   * @throws IllegalArgumentException if one fits no node: then it is misspelt, or the node was
   *     fused
   */
  static Set<String> of(Graph graph, Set<String> patterns) {
    Set<String> excluded = new HashSet<>();
    for (String text : patterns) {
      Pattern pattern = pattern(text);
      boolean any = false;
      for (Node node : graph.nodes()) {
        if (pattern.matcher(node.name()).matches() || pattern.matcher(node.output(0)).matches()) {
          excluded.add(NodeChoice.nameOf(node));
          any = true;
        }
      }
      if (!any) {
        throw unknown(text, graph);
      }
    }
    return excluded;
  }

  private static Pattern pattern(String text) {
    return Pattern.compile(
        Arrays.stream(text.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  private static IllegalArgumentException unknown(String pattern, Graph graph) {
    return new IllegalArgumentException(
        "Excluded nodes must be in the graph once it is fused, but no name fits '"
            + pattern
            + "'. There are, for example, "
            + graph.nodes().stream()
                .filter(
                    node -> node.is("MatMul") || node.is("Gemm") || node.op().equals("Attention"))
                .limit(5)
                .map(NodeChoice::nameOf)
                .toList()
            + ".");
  }
}
