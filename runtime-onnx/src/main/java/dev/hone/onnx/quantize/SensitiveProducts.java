package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which products of a model suffer most from weights of four bits, from its shape alone, so
 * that they can have eight.
 *
 * <p>The error of the weights does not tell: rounded to four bits, all matrices of a transformer
 * lose about the same 22 dB. What tells is where a product stands. Measured on a sentence
 * transformer of six layers, one product in four bits at a time, the values of attention cost 10 to
 * 20 times what its queries and keys cost, and errors cost more the later they are made, when fewer
 * layers follow to average them out. So the rule is:
 *
 * <ul>
 *   <li>the values of every attention: small matrices, which all that is read passes through,
 *   <li>the narrowing products (more inputs than outputs) of the first and the last eighth of all
 *       layers and of every third layer between, after the mixed k-quants of llama.cpp; a layer
 *       ends with its narrowing product,
 *   <li>the last product of the model.
 * </ul>
 */
public final class SensitiveProducts {
  private final Graph graph;
  private final List<Node> products = new ArrayList<>();
  private final List<Node> narrowing = new ArrayList<>();

  private SensitiveProducts(Graph graph) {
    this.graph = graph;
    for (Node node : graph.nodes()) {
      ConstantMatrix weights =
          MatrixProduct.isCandidate(node) ? ConstantMatrix.find(graph, node.input(1)) : null;
      if (weights != null) {
        products.add(node);
        boolean turned = node.longAttribute("transB", 0) != 0;
        int inputs = turned ? weights.columns() : weights.rows();
        int outputs = turned ? weights.rows() : weights.columns();
        if (inputs >= 2 * outputs) {
          narrowing.add(node);
        }
      }
    }
  }

  /**
   * The products that should have eight bits when the others have four, by name, or by first output
   * if nameless. Where {@link BlockWeights} will take an {@code Attention} apart, its part is
   * named.
   */
  public static Set<String> of(ModelData model) {
    SensitiveProducts rule = new SensitiveProducts(model.graph());
    Set<String> names = new LinkedHashSet<>();
    for (Node node : model.graph().nodes()) {
      if (AttentionSplit.isCandidate(node)) {
        names.add(AttentionSplit.nameOfValues(node));
      } else if (rule.makesValues(node)) {
        names.add(NodeChoice.nameOf(node));
      }
    }
    int layers = rule.narrowing.size();
    for (int layer = 0; layer < layers; layer++) {
      int eighth = layers / 8;
      if (layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2) {
        names.add(NodeChoice.nameOf(rule.narrowing.get(layer)));
      }
    }
    if (!rule.products.isEmpty()) {
      names.add(NodeChoice.nameOf(rule.products.get(rule.products.size() - 1)));
    }
    return names;
  }

  /**
   * All products, the one whose rounding costs most first: values of attention, then the others,
   * each from the end of the model to its beginning.
   */
  public static List<String> ranking(ModelData model) {
    Graph graph = model.graph();
    SensitiveProducts rule = new SensitiveProducts(graph);
    List<String> values = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (AttentionSplit.isCandidate(node)) {
        values.add(0, NodeChoice.nameOf(node));
      } else if (rule.products.contains(node)) {
        (rule.makesValues(node) ? values : others).add(0, NodeChoice.nameOf(node));
      }
    }
    values.addAll(others);
    return values;
  }

  /** Whether what a product makes is weighted by a softmax, or is the third input of attention. */
  private boolean makesValues(Node product) {
    if (!products.contains(product)) {
      return false;
    }
    String value = product.output(0);
    for (Node user = sole(value); user != null; user = sole(value)) {
      if (user.is("com.microsoft", "MultiHeadAttention")) {
        return user.input(2).equals(value);
      }
      if (user.is("MatMul")) {
        Node weighting = graph.producer(user.input(0));
        return user.input(1).equals(value) && weighting != null && weighting.is("Softmax");
      }
      if (!user.is("Add") && !user.is("Reshape") && !user.is("Transpose")) {
        return false;
      }
      value = user.output(0);
    }
    return false;
  }

  /** The only node that uses a value for more than its shape, or null. */
  private @Nullable Node sole(String value) {
    List<Node> users = graph.consumers(value).stream().filter(user -> !user.is("Shape")).toList();
    return users.size() == 1 ? users.get(0) : null;
  }
}
