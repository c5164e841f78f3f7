package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.QuantizationReport.Node;
import dev.hone.onnx.QuantizationReport.Speed;
import dev.hone.onnx.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reports as JSON: each record an object whose keys are the names of its components. NaN is null,
 * and what is infinite is the text {@code Infinity}.
 */
final class ReportJson {
  private ReportJson() {}

  static String write(QuantizationReport report) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("model", report.model());
    json.put("asked", report.asked());
    json.put("precision", report.precision());
    json.put("form", report.form());
    json.put("bytesBefore", report.bytesBefore());
    json.put("bytesAfter", report.bytesAfter());
    json.put("calibrationRows", report.calibrationRows());
    json.put("fidelity", report.fidelity().map(ReportJson::fidelity).orElse(null));
    json.put("speed", report.speed().map(ReportJson::speed).orElse(null));
    json.put("processor", report.processor());
    json.put("seconds", report.seconds());
    json.put("fusions", report.fusions());
    json.put("notes", report.notes());
    json.put("nodes", report.nodes().stream().map(ReportJson::node).toList());
    return Json.write(json);
  }

  private static Map<String, Object> fidelity(Fidelity fidelity) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("output", fidelity.output());
    json.put("rows", fidelity.rows());
    json.put("madeUp", fidelity.madeUp());
    json.put("meanCosine", fidelity.meanCosine());
    json.put("firstPercentileCosine", fidelity.firstPercentileCosine());
    json.put("leastCosine", fidelity.leastCosine());
    json.put("spearman", fidelity.spearman());
    json.put("sameNeighbour", fidelity.sameNeighbour());
    json.put("sameTop", fidelity.sameTop());
    return json;
  }

  private static Map<String, Object> speed(Speed speed) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ratio", speed.ratio());
    json.put("low", speed.low());
    json.put("high", speed.high());
    json.put("turns", speed.turns());
    json.put("threads", speed.threads());
    json.put("input", speed.input());
    return json;
  }

  private static Map<String, Object> node(Node node) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", node.name());
    json.put("operator", node.operator());
    json.put("form", node.form());
    json.put("reason", node.reason());
    json.put("weightDecibels", decibels(node.weightDecibels()));
    json.put("outputDecibels", decibels(node.outputDecibels()));
    return json;
  }

  /** Infinite where nothing was rounded, which is no number in JSON. */
  private static Object decibels(double value) {
    return Double.isInfinite(value) ? String.valueOf(value) : value;
  }

  static QuantizationReport read(String text) {
    Fields json = Fields.of(Json.read(text));
    Map<String, Integer> fusions = new TreeMap<>();
    Fields counts = Fields.of(json.values.get("fusions"));
    for (Object kind : counts.values.keySet()) {
      fusions.put(kind.toString(), (int) counts.number(kind.toString()));
    }
    return new QuantizationReport(
        json.text("model"),
        precision(json.text("asked")),
        precision(json.text("precision")),
        json.text("form"),
        (long) json.number("bytesBefore"),
        (long) json.number("bytesAfter"),
        json.list("nodes", item -> node(Fields.of(item))),
        fusions,
        (long) json.number("calibrationRows"),
        json.object("fidelity").map(ReportJson::fidelity),
        json.object("speed").map(ReportJson::speed),
        json.text("processor"),
        json.number("seconds"),
        json.list("notes", String::valueOf));
  }

  private static Precision precision(String name) {
    try {
      return Precision.valueOf(name);
    } catch (IllegalArgumentException e) {
      throw malformed("a precision in place of '" + name + "'", e);
    }
  }

  private static Fidelity fidelity(Fields json) {
    return new Fidelity(
        json.text("output"),
        (long) json.number("rows"),
        Boolean.TRUE.equals(json.values.get("madeUp")),
        json.number("meanCosine"),
        json.number("firstPercentileCosine"),
        json.number("leastCosine"),
        json.number("spearman"),
        json.number("sameNeighbour"),
        json.number("sameTop"));
  }

  private static Speed speed(Fields json) {
    return new Speed(
        json.number("ratio"),
        json.number("low"),
        json.number("high"),
        (int) json.number("turns"),
        (int) json.number("threads"),
        json.text("input"));
  }

  private static Node node(Fields json) {
    return new Node(
        json.text("name"),
        json.text("operator"),
        json.text("form"),
        json.text("reason"),
        json.number("weightDecibels"),
        json.number("outputDecibels"));
  }

  /** The values of an object, each of the kind asked for or an exception. */
  private record Fields(Map<?, ? extends @Nullable Object> values) {
    static Fields of(@Nullable Object value) {
      if (value instanceof Map<?, ?> map) {
        return new Fields(map);
      }
      throw malformed("an object in place of " + value, null);
    }

    Optional<Fields> object(String name) {
      return Optional.ofNullable(values.get(name)).map(Fields::of);
    }

    String text(String name) {
      if (values.get(name) instanceof String text) {
        return text;
      }
      throw malformed("a text '" + name + "'", null);
    }

    /** A number that was none is null. */
    double number(String name) {
      Object value = values.get(name);
      if (value instanceof Double number) {
        return number;
      }
      if (value instanceof String text && text.matches("-?Infinity")) {
        return Double.parseDouble(text);
      }
      if (value == null && values.containsKey(name)) {
        return Double.NaN;
      }
      throw malformed("a number '" + name + "'", null);
    }

    <T> List<T> list(String name, Function<@Nullable Object, T> item) {
      if (values.get(name) instanceof List<?> list) {
        return list.stream().map(item).toList();
      }
      throw malformed("a list '" + name + "'", null);
    }
  }

  private static IllegalArgumentException malformed(String wanted, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "The text is no report of a quantization: there must be " + wanted + ".", cause);
  }
}
