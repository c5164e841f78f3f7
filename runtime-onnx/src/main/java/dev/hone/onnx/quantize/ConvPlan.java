package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which units run in bytes: the choice of least estimated time.
 *
 * <p>Each unit costs its time in floats or in bytes. In addition, a value costs one conversion to
 * bytes where a unit reads bytes that were made as floats, and one back where somebody reads floats
 * that were made as bytes. A chain of units may pay although none of them would alone, and the
 * reverse. With the units as nodes, bytes on the side of the source and floats on the side of the
 * sink, the time of a choice is the capacity of a cut ({@link MinimumCut}), so the best choice is
 * found exactly.
 *
 * <p>Bytes bring noise with them. Where the best choice saves less than {@value #LEAST_SAVING} of
 * the time, they {@linkplain #objection are not worth it}: then all units stay in floats. This is
 * judged once for a net, before any unit is spared: the time is that of all units, of those too
 * that cannot bear bytes, and the saving that of all that can. So a net whose large convolutions
 * must stay in floats does not take noise for the sake of small ones, and sparing some units, to
 * reach a floor, never turns the whole net back to floats. Neighbours of a spared unit pay its
 * conversions, though, and may become floats, too. Convolutions that are no units, because their
 * weights are not constant, count nowhere.
 *
 * <p>The times are estimated from the sizes of the values and constants that were measured once,
 * not measured here: two runs choose alike on any machine.
 */
final class ConvPlan {
  // For each number: the conversion, and the change of memory layout that goes with it.
  private static final double CONVERSION_NANOS = 0.17;
  // Convolutions in floats have a layout of their own, which Add, MaxPool and Relu keep.
  private static final double LAYOUT_NANOS = 0.2;
  private static final double NODE_NANOS = 4_000;
  private static final double PICOS = 1_000;

  /** The least share of the time that bytes must save. */
  static final double LEAST_SAVING = 0.2;

  private final Graph graph;
  private final Map<String, Double> sizes;
  private final MinimumCut cut = new MinimumCut();
  private final Map<Int8Unit, Integer> nodes = new LinkedHashMap<>();
  private final Map<String, Int8Unit> makers = new HashMap<>();
  private final Map<String, List<Int8Unit>> readers = new LinkedHashMap<>();
  private final Set<Node> inside = new HashSet<>();

  private ConvPlan(Graph graph, List<Int8Unit> units, Map<String, Double> sizes) {
    this.graph = graph;
    this.sizes = sizes;
    for (Int8Unit unit : units) {
      nodes.put(unit, cut.addNode());
      makers.put(unit.output(), unit);
      for (String input : unit.inputs()) {
        readers.computeIfAbsent(input, value -> new ArrayList<>()).add(unit);
      }
      inside.addAll(unit.nodes());
    }
  }

  /**
   * A choice.
   *
   * @param bytes the units that run in bytes, in the order given
   * @param floats the time of all units in floats
   * @param saved what the choice saves of it
   */
  record Choice(List<Int8Unit> bytes, double floats, double saved) {}

  /**
   * Why bytes are not worth their noise in a net, in a sentence, or null if they are.
   *
   * @param able the units that can bear bytes
   * @param units all, these among them
   * @param sizes how many numbers each value has in one run
   */
  static @Nullable String objection(
      Graph graph, List<Int8Unit> able, List<Int8Unit> units, Map<String, Double> sizes) {
    Choice best = choose(graph, able, sizes);
    double share = best.saved / choose(graph, units, sizes).floats;
    return best.bytes.isEmpty() || share >= LEAST_SAVING
        ? null
        : String.format(
            Locale.ROOT,
            "Bytes are estimated to save %.0f %% of the time of all convolutions: too little for"
                + " their noise.",
            100 * share);
  }

  /**
   * Chooses, whatever it saves.
   *
   * @param sizes how many numbers each value has in one run; 0 where it is not there
   */
  static Choice choose(Graph graph, List<Int8Unit> units, Map<String, Double> sizes) {
    return new ConvPlan(graph, units, sizes).choose();
  }

  private Choice choose() {
    long floats = 0;
    for (Int8Unit unit : nodes.keySet()) {
      double in = unit.inputs().stream().mapToDouble(this::size).sum();
      double out = size(unit.output());
      double integer = unit.integerNanos(in, out);
      if (readsFloats(unit.output())) {
        integer += conversion(unit.output());
      } else {
        connectBack(node(unit), unit.output());
      }
      long inFloats = picos(unit.floatNanos(in, out) + layout(unit));
      floats += inFloats;
      cut.connect(cut.source(), node(unit), inFloats);
      cut.connect(node(unit), cut.sink(), picos(integer));
    }
    readers.forEach(this::connectForth);
    boolean[] bytes = cut.sourceSide();
    List<Int8Unit> chosen = nodes.keySet().stream().filter(unit -> bytes[node(unit)]).toList();
    return new Choice(chosen, floats / PICOS, (floats - cut.cost()) / PICOS);
  }

  private double layout(Int8Unit unit) {
    if (!(unit instanceof ConvUnit conv)) {
      return 0;
    }
    double numbers = keepsLayout(makers.get(conv.input())) ? 0 : size(conv.input());
    List<Int8Unit> reading = readers.getOrDefault(conv.output(), List.of());
    boolean kept = !readsFloats(conv.output()) && reading.stream().allMatch(ConvPlan::keepsLayout);
    return LAYOUT_NANOS * (numbers + (kept ? 0 : size(conv.output())));
  }

  private static boolean keepsLayout(@Nullable Int8Unit unit) {
    return unit instanceof ConvUnit || unit instanceof KeepUnit;
  }

  private int node(Int8Unit unit) {
    return nodes.getOrDefault(unit, cut.sink());
  }

  private double size(String value) {
    return sizes.getOrDefault(value, 0.0);
  }

  /** One conversion to floats if the maker is on the side of bytes and any reader is not. */
  private void connectBack(int maker, String value) {
    int anyFloat = cut.addNode();
    cut.connect(maker, anyFloat, picos(conversion(value)));
    for (Int8Unit reader : readers.getOrDefault(value, List.of())) {
      cut.connect(anyFloat, node(reader), MinimumCut.NEVER);
    }
  }

  /** One conversion to bytes if any reader is on the side of bytes and the maker is not. */
  private void connectForth(String value, List<Int8Unit> reading) {
    int anyByte = cut.addNode();
    Int8Unit maker = makers.get(value);
    int from = maker == null ? cut.sink() : node(maker);
    cut.connect(anyByte, from, picos(conversion(value)));
    for (Int8Unit reader : reading) {
      cut.connect(node(reader), anyByte, MinimumCut.NEVER);
    }
  }

  private boolean readsFloats(String value) {
    return graph.isOutput(value) || !inside.containsAll(graph.consumers(value));
  }

  private double conversion(String value) {
    return CONVERSION_NANOS * size(value) + NODE_NANOS;
  }

  private static long picos(double nanos) {
    return Math.round(nanos * PICOS);
  }
}
