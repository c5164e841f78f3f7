package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.OpsetUpgrade;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Eight-bit integers for convolutional nets, with scales that calibration data fixed:
 * QuantizeLinear and DequantizeLinear are written so that ONNX Runtime runs convolutions, and the
 * sums and greatest values between them, on bytes from end to end.
 *
 * <p><b>What becomes integers.</b> Not every convolution gains: those that see one input channel
 * each (depthwise) run faster in floats, small ones lose more to conversions than they save. The
 * choice is the one of least estimated time ({@link ConvPlan}). Everything else stays in floats,
 * with no QuantizeLinear or DequantizeLinear around it: activation functions, normalizations, and
 * whatever ONNX Runtime has no integer kernel for.
 *
 * <p><b>Scales.</b> A convolution computes {@code y_m = Σ_c w_mc x_c + b_m} with {@code x_c = s_c
 * (q_c - z)} and gives {@code p_m = round(y_m / u_m) + v_m}: one scale for each channel of the
 * input and of the output, all of which are folded into the integer weights and bias ({@link
 * ConvWeights}), so that the kernel computes with scale 1. What other tools use is one scale for a
 * whole value; nets whose channels differ by a factor of a hundred, as depthwise ones do, do not
 * survive that. How the scales are chosen: {@link ConvInputScales}.
 *
 * <p><b>Activations.</b> A Relu or Clip at 0 behind a convolution or sum is the saturation of its
 * bytes, and goes. Before hard swish, {@code x · clip(x/6 + 1/2, 0, 1)}, everything below -3 gives
 * 0, so the bytes need not reach below -3.
 *
 * <p><b>Error.</b> Rounding adds to each number of a value, as long as it lies in the calibrated
 * range, at most {@code u_m / 2}; outside, it is clipped to the range. The error of weights is
 * below half their step each. Inside the integers all sums are exact.
 *
 * <p>The model must have batch normalization folded, and is raised to opset 13 if it is older.
 */
public final class StaticConv {
  private final Graph graph;
  private final ChannelRanges.Source ranges;
  private final int batches;
  private final Map<Node, NodeChoice> choices = new LinkedHashMap<>();

  private StaticConv(Graph graph, ChannelRanges.Source ranges, int batches) {
    this.graph = graph;
    this.ranges = ranges;
    this.batches = batches;
  }

  /** The names of the values whose statistics {@link #apply} wants, in the order of the graph. */
  public static Set<String> valuesToCalibrate(ModelData model) {
    Set<String> values = new LinkedHashSet<>();
    for (Int8Unit unit : connected(units(model.graph()))) {
      values.addAll(unit.values());
    }
    return values;
  }

  /**
   * Quantizes in place.
   *
   * @param calibration the statistics of {@link #valuesToCalibrate}; where some are missing, floats
   *     stay
   * @param excludedNodes names, as in {@link NodeChoice#node}, of nodes to leave in floats
   * @return what became of each convolution
   */
  public static List<NodeChoice> apply(
      ModelData model, Calibration calibration, Set<String> excludedNodes) {
    return apply(model, ChannelRanges.Source.of(calibration), calibration.batches(), excludedNodes);
  }

  static List<NodeChoice> apply(
      ModelData model, ChannelRanges.Source ranges, int batches, Set<String> excludedNodes) {
    StaticConv pass = new StaticConv(model.graph(), ranges, batches);
    List<Int8Unit> chosen = pass.choose(excludedNodes);
    List<String> obstacles = chosen.isEmpty() ? List.of() : OpsetUpgrade.to13(model);
    if (obstacles.isEmpty()) {
      pass.write(chosen);
    } else {
      chosen.forEach(unit -> pass.leave(unit.node(), obstacles.get(0)));
    }
    pass.store(excludedNodes);
    return List.copyOf(pass.choices.values());
  }

  /**
   * The convolutions that {@link #apply} would compute in bytes, the one whose outputs are expected
   * to suffer most first: what to exclude when a model misses a floor. The expectation knows
   * nothing of what comes after a node, so it ranks and does not predict.
   *
   * @param model the model, which is not changed
   */
  public static List<NodeError> ranking(
      ModelData model, Calibration calibration, Set<String> excludedNodes) {
    StaticConv pass =
        new StaticConv(model.graph(), ChannelRanges.Source.of(calibration), calibration.batches());
    List<NodeError> errors = new ArrayList<>();
    for (Int8Unit unit : pass.choose(excludedNodes)) {
      if (unit instanceof ConvUnit conv) {
        errors.add(new NodeError(NodeChoice.nameOf(conv.node()), pass.decibels(conv)));
      }
    }
    errors.sort(Comparator.comparingDouble(NodeError::decibels));
    return errors;
  }

  // ---- candidates

  private static List<Int8Unit> units(Graph graph) {
    List<Int8Unit> units = new ArrayList<>();
    for (Node node : graph.nodes()) {
      Int8Unit unit = Int8Unit.of(graph, node);
      if (unit != null) {
        units.add(unit);
      }
    }
    return units;
  }

  /** Those that a path through units connects with a convolution: the others may not be floats. */
  private static List<Int8Unit> connected(List<Int8Unit> units) {
    Set<String> reached = new LinkedHashSet<>();
    int before = -1;
    while (reached.size() > before) {
      before = reached.size();
      for (Int8Unit unit : units) {
        Set<String> values = unit.values();
        if (unit instanceof ConvUnit || values.stream().anyMatch(reached::contains)) {
          reached.addAll(values);
        }
      }
    }
    return units.stream().filter(unit -> reached.contains(unit.output())).toList();
  }

  private List<Int8Unit> choose(Set<String> excluded) {
    graph.nodes("Conv").forEach(conv -> leave(conv, "Its weights are not constant floats."));
    List<Int8Unit> able = new ArrayList<>();
    Map<String, Layout> layouts = new HashMap<>();
    List<Int8Unit> units = connected(units(graph));
    for (Int8Unit unit : units) {
      String objection = objection(unit, units, layouts);
      if (objection == null) {
        able.add(unit);
      } else {
        leave(unit.node(), objection);
      }
    }
    Map<String, Double> sizes = sizes(units);
    String notWorth = ConvPlan.objection(graph, able, units, sizes);
    List<Int8Unit> wanted = able.stream().filter(unit -> !isIn(excluded, unit)).toList();
    List<Int8Unit> bytes =
        notWorth == null ? ConvPlan.choose(graph, wanted, sizes).bytes() : List.of();
    String faster = notWorth == null ? "It is estimated to be faster in floats." : notWorth;
    able.stream().filter(unit -> !bytes.contains(unit)).forEach(unit -> leave(unit.node(), faster));
    units.stream()
        .filter(unit -> isIn(excluded, unit))
        .forEach(unit -> leave(unit.node(), "It was excluded."));
    return bytes;
  }

  private static boolean isIn(Set<String> excluded, Int8Unit unit) {
    return excluded.contains(NodeChoice.nameOf(unit.node()));
  }

  /** How many numbers each value has in one run, where that is known. */
  private Map<String, Double> sizes(List<Int8Unit> units) {
    Map<String, Double> sizes = new HashMap<>();
    for (Int8Unit unit : units) {
      for (String value : unit.values()) {
        ChannelRanges found = ranges.of(value);
        if (found != null) {
          sizes.put(value, found.count() / (double) batches);
        }
      }
    }
    return sizes;
  }

  /** Where the channels of a value are: axis 1 of more or fewer axes is another place in a sum. */
  private record Layout(int rank, int channels) {}

  private @Nullable String objection(
      Int8Unit unit, List<Int8Unit> all, Map<String, Layout> layouts) {
    for (String value : unit.values()) {
      ChannelRanges found = ranges.of(value);
      if (found == null || !found.isFinite()) {
        return "No finite range of '" + value + "' is known.";
      }
    }
    if (unit instanceof ConvUnit conv) {
      int rank = conv.weights().shape().rank();
      layouts.put(conv.input(), new Layout(rank, conv.shape().inputs()));
      layouts.put(conv.output(), new Layout(rank, conv.shape().outputs()));
      boolean close = decibels(conv) >= NoiseShare.LEAST_DECIBELS;
      return close ? null : "Rounding its input and weights would cost too much.";
    }
    if (unit instanceof SwishUnit swish) {
      return isClose(swish, all) ? null : "Its channels differ too much for one scale.";
    }
    long different =
        unit.values().stream()
            .map(value -> layouts.getOrDefault(value, watched(value)))
            .distinct()
            .count();
    return different > 1 ? "Its values have different channels." : null;
  }

  /** How far the noise of its input and weights is expected to lie below what it computes. */
  private double decibels(ConvUnit conv) {
    ChannelRanges input = known(conv.input()).forChannels(conv.shape().inputs());
    ConvInputScales.Reader reader =
        new ConvInputScales.Reader(conv.shape(), conv.weights().toFloats(), input.meanSquare());
    return ConvInputScales.decibels(input, reader, known(conv.output()));
  }

  /** Whether every convolution that reads the result can bear its noise, and there is one. */
  private boolean isClose(SwishUnit swish, List<Int8Unit> all) {
    double least = Double.POSITIVE_INFINITY;
    for (Int8Unit unit : all) {
      if (unit instanceof ConvUnit conv && conv.input().equals(swish.output())) {
        ChannelRanges y = ranges.of(conv.output());
        if (y == null || !y.isFinite()) {
          return false;
        }
        ChannelRanges x = known(swish.input());
        least = Math.min(least, swish.decibels(x, known(swish.output()), conv, y));
      }
    }
    return least >= NoiseShare.LEAST_DECIBELS && least < Double.POSITIVE_INFINITY;
  }

  /** Channels are watched where there are four axes; elsewhere one stands for all. */
  private Layout watched(String value) {
    return new Layout(4, known(value).channels());
  }

  private ChannelRanges known(String value) {
    ChannelRanges found = ranges.of(value);
    if (found == null) {
      throw new IllegalStateException("No range is known for '" + value + "'.");
    }
    return found;
  }

  private void leave(Node node, String reason) {
    if (node.is("Conv")) {
      choices.put(node, NodeChoice.left(NodeChoice.nameOf(node), node.op(), reason));
    }
  }

  // ---- the result

  private void write(List<Int8Unit> units) {
    Map<Node, String> names = new HashMap<>();
    Map<Node, Double> outputDb = new HashMap<>();
    for (Int8Unit unit : units) {
      names.put(unit.node(), NodeChoice.nameOf(unit.node()));
      if (unit instanceof ConvUnit conv) {
        outputDb.put(conv.node(), decibels(conv));
      }
    }
    Map<String, ChannelAffine> parameters = ConvParameters.of(graph, units, this::known);
    ConvWriter writer = new ConvWriter(graph, parameters, this::known);
    Map<Node, Double> noise = writer.write(units);
    for (Int8Unit unit : units) {
      Node node = unit.node();
      if (unit instanceof ConvUnit) {
        choices.put(
            node,
            new NodeChoice(
                names.getOrDefault(node, ""),
                node.op(),
                Form.STATIC_INT8_IN_OUT,
                "Bytes in and out, one scale for each channel.",
                noise.getOrDefault(node, Double.NaN),
                outputDb.getOrDefault(node, Double.NaN)));
      }
    }
    graph.removeDead();
  }

  /**
   * What computes in floats need not be stored in floats: in bytes, whose noise drowns in that of
   * bytes that are computed with, or in halves, where nothing is.
   */
  private void store(Set<String> excluded) {
    boolean integers =
        choices.values().stream().anyMatch(choice -> choice.form() == Form.STATIC_INT8_IN_OUT);
    ConvStorage storage =
        new ConvStorage(graph, integers ? Form.WEIGHT_INT8 : Form.HALF_STORAGE, ranges);
    choices.replaceAll(
        (node, choice) -> {
          if (choice.form() != Form.FLOAT || excluded.contains(choice.node())) {
            return choice;
          }
          String objection = storage.objection(node);
          if (objection != null) {
            return NodeChoice.left(choice.node(), choice.operator(), objection);
          }
          double noise = storage.store(node);
          return Double.isNaN(noise)
              ? choice
              : new NodeChoice(
                  choice.node(),
                  choice.operator(),
                  storage.form(),
                  choice.reason()
                      + " Its weights are stored in "
                      + (integers ? "bytes." : "halves."),
                  noise);
        });
    graph.sort();
    graph.removeDead();
  }
}
