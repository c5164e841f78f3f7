package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What the bytes of each value mean. Values that a sum or a greatest value ties together share the
 * scales of their channels.
 */
final class ConvParameters {
  private final Graph graph;
  private final List<Int8Unit> units;
  private final Function<String, ChannelRanges> ranges;
  private final Map<String, Integer> channels = new LinkedHashMap<>();
  private final Map<String, List<String>> families = new LinkedHashMap<>();
  private final Map<String, ChannelAffine> parameters = new LinkedHashMap<>();
  private final Set<String> uniform = new HashSet<>();

  private ConvParameters(
      Graph graph, List<Int8Unit> units, Function<String, ChannelRanges> ranges) {
    this.graph = graph;
    this.units = units;
    this.ranges = ranges;
  }

  /** Chooses for all values that units read or make. */
  static Map<String, ChannelAffine> of(
      Graph graph, List<Int8Unit> units, Function<String, ChannelRanges> ranges) {
    ConvParameters choice = new ConvParameters(graph, units, ranges);
    choice.group();
    choice.families.values().stream().distinct().forEach(choice::choose);
    choice.keepZeroPoints();
    return choice.parameters;
  }

  private void group() {
    for (Int8Unit unit : units) {
      List<String> values = new ArrayList<>(unit.inputs());
      values.add(unit.output());
      for (String value : values) {
        families.computeIfAbsent(value, v -> new ArrayList<>(List.of(v)));
        channels.putIfAbsent(value, ranges.apply(value).channels());
      }
      if (unit instanceof ConvUnit conv) {
        channels.put(conv.input(), conv.shape().inputs());
        channels.put(conv.output(), conv.shape().outputs());
      } else if (unit instanceof SwishUnit) {
        uniform.addAll(values);
      } else {
        values.forEach(value -> unite(values.get(0), value));
      }
    }
  }

  private void unite(String one, String other) {
    List<String> family = family(one);
    List<String> joining = family(other);
    if (family != joining) {
      family.addAll(joining);
      joining.forEach(value -> families.put(value, family));
    }
  }

  private List<String> family(String value) {
    return families.getOrDefault(value, List.of());
  }

  private void choose(List<String> family) {
    List<ChannelRanges> members = new ArrayList<>();
    for (String value : family) {
      members.add(rangesOf(value));
    }
    List<ConvInputScales.Reader> readers = readers(family, members);
    List<ChannelAffine> chosen;
    if (family.stream().anyMatch(uniform::contains)) {
      chosen = ConvInputScales.uniform(members.stream().map(ChannelRanges::uniform).toList());
    } else if (readers.isEmpty() && family.size() == 1) {
      chosen = List.of(ChannelAffine.asymmetric(members.get(0)));
    } else {
      chosen = ConvInputScales.choose(members, readers);
    }
    for (int i = 0; i < chosen.size(); i++) {
      parameters.put(family.get(i), chosen.get(i));
    }
  }

  private List<ConvInputScales.Reader> readers(List<String> family, List<ChannelRanges> members) {
    List<ConvInputScales.Reader> readers = new ArrayList<>();
    for (Int8Unit unit : units) {
      int member = unit instanceof ConvUnit conv ? family.indexOf(conv.input()) : -1;
      if (member >= 0 && unit instanceof ConvUnit conv) {
        float[] weights = conv.weights().toFloats();
        float[] energy = members.get(member).meanSquare();
        readers.add(new ConvInputScales.Reader(conv.shape(), weights, energy));
      }
    }
    return readers;
  }

  private ChannelRanges rangesOf(String value) {
    ChannelRanges found = ranges.apply(value);
    return found.forChannels(channels.getOrDefault(value, found.channels())).notBelow(floor(value));
  }

  /** Below which number it does not matter what a value is: there hard swish is 0. */
  private float floor(String value) {
    List<Node> users = graph.consumers(value);
    boolean pair = users.size() == 2 && graph.useCount(value) == 2 && !graph.isOutput(value);
    SwishUnit swish =
        pair && users.get(0).is("HardSigmoid") ? SwishUnit.of(graph, users.get(0)) : null;
    boolean alone = swish != null && swish.node() == users.get(1);
    return swish != null && alone ? swish.least() : Float.NEGATIVE_INFINITY;
  }

  /** The greatest of some bytes has the zero point of those bytes. */
  private void keepZeroPoints() {
    for (Int8Unit unit : units) {
      ChannelAffine input = parameters.get(unit.inputs().get(0));
      if (unit instanceof KeepUnit keep && keep.keepsZeroPoint() && input != null) {
        parameters.put(unit.output(), input);
      }
    }
  }
}
