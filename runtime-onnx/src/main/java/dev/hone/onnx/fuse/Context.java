package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.SymbolicShapes;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A model under change, with what the fusions need to know about it. */
final class Context {
  /** The domain of ONNX Runtime's own operators. */
  static final String MICROSOFT = "com.microsoft";

  private final ModelData model;
  private final FusionOptions options;
  private final SymbolicShapes shapes;
  private final Scalars scalars;
  private final FusionReport.Builder report = new FusionReport.Builder();
  private final Set<Node> made = Collections.newSetFromMap(new IdentityHashMap<>());

  Context(ModelData model, FusionOptions options) {
    this.model = model;
    this.options = options;
    this.shapes = SymbolicShapes.of(model.graph());
    this.scalars = new Scalars(model.graph(), shapes);
  }

  Graph graph() {
    return model.graph();
  }

  long opset() {
    return model.opset();
  }

  FusionOptions options() {
    return options;
  }

  SymbolicShapes shapes() {
    return shapes;
  }

  Scalars scalars() {
    return scalars;
  }

  FusionReport.Builder report() {
    return report;
  }

  /**
   * Looks for a formula at every node of an operator and puts one node in the place of each that is
   * found.
   *
   * @param fused makes the node, without outputs, or gives null where it does not fit
   */
  void rewrite(String op, Pattern pattern, Function<Match, @Nullable Node> fused) {
    boolean changed = false;
    for (Node last : graph().nodes(op)) {
      changed |= replace(last, pattern.at(last.output(0), Match.empty(this)), fused);
    }
    if (changed) {
      graph().removeDead();
    }
  }

  private boolean replace(Node last, Stream<Match> ways, Function<Match, @Nullable Node> fused) {
    String needed = null;
    for (Match match : (Iterable<Match>) ways::iterator) {
      String elsewhere = match.neededElsewhere(last);
      Node node = elsewhere == null ? fused.apply(match) : null;
      if (node != null) {
        put(last, node);
        return true;
      }
      needed = elsewhere == null ? needed : elsewhere;
    }
    if (needed != null) {
      report.left(last.label() + " was not fused: '" + needed + "' inside is used elsewhere.");
    }
    return false;
  }

  /** Puts a node where another was, under its name; it makes what the other made first. */
  void put(Node last, Node node) {
    if (node.outputs().isEmpty()) {
      node.setOutputs(List.of(last.output(0)));
    }
    graph().replace(last, node.named(last.name()));
    if (!node.domain().isEmpty()) {
      model.importOpset(node.domain(), 1);
    }
    absorb(last);
    made.add(node);
    report.fused(node.op());
  }

  /** Counts a node no more, if it was made here: a larger one has taken it in. */
  void absorb(Node node) {
    if (made.remove(node)) {
      report.absorbed(node.op());
    }
  }

  /** Whether an axis is the last one of a value. */
  boolean isLastAxis(long axis, String value) {
    return axis == -1 || (axis > 0 && axis == shapes.rank(value) - 1);
  }

  /** The lengths of a value's axes if there are this many, or null. */
  @Nullable List<Length> dims(String value, int rank) {
    List<Length> dims = shapes.dims(value);
    return dims != null && dims.size() == rank ? dims : null;
  }
}
