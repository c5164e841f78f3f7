package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Spreads the few loudest neurons of a feed-forward block over several columns, so that all columns
 * need one narrow range only.
 *
 * <p>In {@code gelu(x W1 + b1) W2} one neuron may reach ten times as far as the others, and the
 * step of the integers between the two products follows it. Scaling cannot move that through the
 * GELU. But far from 0 the GELU is {@code max(0, v)}, and integers clip at the end T of their range
 * anyway. So a neuron v that reaches up to (c + 1) T is copied c times with lower biases,
 *
 * <pre>
 *   gelu(v)  ≈  Σ_j min(T, gelu(v - j T))      j = 0 … c
 * </pre>
 *
 * and each copy meets a copy of the neuron's row of W2. This costs some columns and no node.
 *
 * <p><b>Error.</b> With d = (T - lo)/255 the mean square error of the outputs is that of evenly
 * spread rounding plus what copies give where they should give 0: for the many v next to 0 this is
 * {@code gelu(-T)} each, so that
 *
 * <pre>
 *   E(T) = d²/12 Σ_i (1 + c_i) |W2_i|²  +  gelu(-T)² Σ_i c_i |W2_i|²
 * </pre>
 *
 * T minimizes E among all thresholds that use up the {@link #most copies allowed}. The bound for
 * one number: {@code |gelu(v) - max(0, v)| <= 0.17}, once for each copy.
 */
final class Unfolding {
  /** Matrix kernels work on this many columns at a time, so fewer are no cheaper. */
  private static final int COLUMNS = 16;

  private static final int LOUDEST = 64;

  /** The least gain in mean square error that is worth the columns. */
  private static final double LEAST_GAIN = 1.5;

  /** The least value of the GELU, to be safe below it. */
  private static final float GELU_LEAST = -0.17f;

  private final Graph graph;
  private final DenseNode first;
  private final Node activation;
  private final DenseNode second;
  private final DenseInput seen;
  private final float[] secondMatrix;
  private final double[] rowSquares;

  private Unfolding(
      Graph graph, DenseNode first, Node activation, DenseNode second, DenseInput seen) {
    this.graph = graph;
    this.first = first;
    this.activation = activation;
    this.second = second;
    this.seen = seen;
    this.secondMatrix = second.matrix();
    this.rowSquares = new double[second.inner()];
    DenseNoise.addRowSquares(secondMatrix, rowSquares);
  }

  /**
   * Unfolds the neurons before a product where that pays.
   *
   * @return what is then known of the product's input, or null if nothing was done
   */
  static @Nullable DenseInput apply(Graph graph, DenseNode second, Calibration calibration) {
    String value = second.input();
    DenseInput seen = DenseInput.of(calibration.of(value), second.inner());
    Node activation = graph.producer(value);
    if (second.kind() == DenseNode.Kind.ATTENTION
        || !seen.knowsChannels()
        || activation == null
        || !isGelu(activation)
        || !isPrivate(graph, value)
        || !isPrivate(graph, activation.input(0))) {
      return null;
    }
    DenseNode first = DenseNode.producing(graph, activation.input(0));
    if (first == null || first.kind() == DenseNode.Kind.ATTENTION) {
      return null;
    }
    boolean oneBias = (first.bias() == null) == activation.hasInput(1);
    if (!oneBias || (activation.hasInput(1) && !isRow(graph, activation.input(1)))) {
      return null;
    }
    Unfolding unfolding = new Unfolding(graph, first, activation, second, seen);
    Copies copies = unfolding.best();
    return copies == null ? null : unfolding.write(copies);
  }

  private static boolean isGelu(Node node) {
    return node.is("Gelu")
        || node.is(DenseWriter.MICROSOFT, "Gelu")
        || node.is(DenseWriter.MICROSOFT, "BiasGelu")
        || node.is(DenseWriter.MICROSOFT, "FastGelu");
  }

  private static boolean isPrivate(Graph graph, String value) {
    return graph.useCount(value) == 1 && !graph.isOutput(value);
  }

  private static boolean isRow(Graph graph, String value) {
    TensorData row = graph.constant(value);
    return row != null && row.type() == DataType.FLOAT32 && row.shape().rank() == 1;
  }

  // ---- choosing

  /** Thresholds and which neurons are copied for it, each as often as it occurs. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Copies(float threshold, int[] neurons) {}

  private @Nullable Copies best() {
    float[] sorted = seen.hi().clone();
    Arrays.sort(sorted);
    float loudest = sorted[sorted.length - 1];
    double least = error(new Copies(loudest, new int[0])) / LEAST_GAIN;
    Copies best = null;
    for (int rank = 1; rank <= Math.min(LOUDEST, sorted.length); rank++) {
      for (int parts = 1; parts <= most() + 1; parts++) {
        Copies copies = copies(sorted[sorted.length - rank] / parts);
        if (copies != null) {
          double error = error(copies);
          if (error < least) {
            least = error;
            best = copies;
          }
        }
      }
    }
    return best;
  }

  /** How many copies may be made: one hundredth of the columns, at least {@value #COLUMNS}. */
  private int most() {
    return COLUMNS * Math.max(1, second.inner() / 1536);
  }

  /** The copies that a threshold asks for, or null if none or too many. */
  private @Nullable Copies copies(float threshold) {
    if (!(threshold > 0)) {
      return null;
    }
    int[] neurons = new int[most()];
    int count = 0;
    for (int i = 0; i < seen.hi().length; i++) {
      // A neuron that reaches a hair beyond k T is clipped there, not copied once more.
      int more = (int) Math.ceil(seen.hi()[i] / threshold - 1e-6) - 1;
      if (more > 0 && count + more > neurons.length) {
        return null;
      }
      for (int k = 0; k < more; k++) {
        neurons[count++] = i;
      }
    }
    return count == 0 ? null : new Copies(threshold, Arrays.copyOf(neurons, count));
  }

  private double error(Copies copies) {
    double lo = 0;
    for (float channel : seen.lo()) {
      lo = Math.min(lo, channel);
    }
    double all = Arrays.stream(rowSquares).sum();
    double copied = 0;
    for (int neuron : copies.neurons) {
      copied += rowSquares[neuron];
    }
    double step = (copies.threshold - lo) / Grid.UINT8.steps();
    double leak = gelu(-copies.threshold);
    return step * step / 12 * (all + copied) + leak * leak * copied;
  }

  private static double gelu(double v) {
    return v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
  }

  // ---- writing

  private DenseInput write(Copies copies) {
    int neurons = second.inner();
    int total = (neurons + copies.neurons.length + COLUMNS - 1) / COLUMNS * COLUMNS;
    List<Integer> ordinals = ordinals(copies);
    first.putMatrix(graph, firstMatrix(copies, total), total);
    float[] bias = bias(copies, ordinals, total);
    if (activation.hasInput(1)) {
      String name = activation.input(1) + "_unfolded";
      TensorData row = TensorData.ofFloats(name, Shape.of(total), bias);
      activation.setInput(1, graph.addInitializer(name, row));
    } else {
      first.putBias(graph, bias);
    }
    int outputs = second.outputs();
    float[] rows = Arrays.copyOf(secondMatrix, total * outputs);
    for (int k = 0; k < copies.neurons.length; k++) {
      System.arraycopy(
          secondMatrix, copies.neurons[k] * outputs, rows, (neurons + k) * outputs, outputs);
    }
    second.putMatrix(graph, rows, outputs);
    List<String> wider = List.of(first.node().output(0), first.output(), second.input());
    graph.removeValueInfos(info -> wider.contains(info.name()));
    return widened(copies, ordinals, total);
  }

  /** For each copy, the how-manieth of its neuron it is, from 1. */
  private static List<Integer> ordinals(Copies copies) {
    List<Integer> ordinals = new ArrayList<>();
    for (int k = 0; k < copies.neurons.length; k++) {
      boolean again = k > 0 && copies.neurons[k] == copies.neurons[k - 1];
      ordinals.add(again ? ordinals.get(k - 1) + 1 : 1);
    }
    return ordinals;
  }

  private float[] firstMatrix(Copies copies, int total) {
    int neurons = first.outputs();
    float[] narrow = first.matrix();
    float[] wide = new float[first.inner() * total];
    for (int i = 0; i < first.inner(); i++) {
      System.arraycopy(narrow, i * neurons, wide, i * total, neurons);
      for (int k = 0; k < copies.neurons.length; k++) {
        wide[i * total + neurons + k] = narrow[i * neurons + copies.neurons[k]];
      }
    }
    return wide;
  }

  private float[] bias(Copies copies, List<Integer> ordinals, int total) {
    TensorData held = graph.constant(activation.input(1));
    float[] own = held != null ? held.toFloats() : first.biasRow();
    if (own == null) {
      throw new IllegalStateException(first.label() + " has no bias.");
    }
    float[] wide = Arrays.copyOf(own, total);
    for (int k = 0; k < copies.neurons.length; k++) {
      wide[own.length + k] = own[copies.neurons[k]] - ordinals.get(k) * copies.threshold;
    }
    return wide;
  }

  private DenseInput widened(Copies copies, List<Integer> ordinals, int total) {
    float[] lo = Arrays.copyOf(seen.lo(), total);
    float[] hi = Arrays.copyOf(seen.hi(), total);
    for (int i = 0; i < seen.hi().length; i++) {
      hi[i] = Math.min(hi[i], copies.threshold);
    }
    for (int k = 0; k < copies.neurons.length; k++) {
      int channel = seen.hi().length + k;
      lo[channel] = GELU_LEAST;
      float left = seen.hi()[copies.neurons[k]] - ordinals.get(k) * copies.threshold;
      hi[channel] = Math.min(copies.threshold, left);
    }
    return new DenseInput(lo, hi, Arrays.copyOf(seen.meanSquare(), total));
  }
}
