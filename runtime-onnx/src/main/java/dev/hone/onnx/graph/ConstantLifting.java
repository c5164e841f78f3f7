package dev.hone.onnx.graph;

/**
 * Weights out of {@code Constant} nodes, into the initializers. Exporters put small numbers, and
 * some of them all weights, into {@code Constant} nodes; a pass that follows then finds every
 * constant in one place. Names, uses and bytes stay as they are.
 *
 * <p>Left alone: constants that are an output of the graph, those inside subgraphs, and those of a
 * kind that no initializer can be.
 */
public final class ConstantLifting {
  private ConstantLifting() {}

  /** Does it to a model, in place; gives how many nodes went. */
  public static int apply(ModelData model) {
    return Constants.lift(model.graph());
  }
}
