package dev.hone.onnx;

import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.QuantizationReport.Node;
import dev.hone.onnx.QuantizationReport.Speed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Reports as text for people. */
final class ReportText {
  private static final int MOST_REASONS = 12;
  private static final int WORST_NODES = 5;

  private ReportText() {}

  static List<String> summary(QuantizationReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(report.asked() + ": " + report.form());
    lines.add(
        format(
            "size      %s, was %s (%.0f %%)",
            bytes(report.bytesAfter()),
            bytes(report.bytesBefore()),
            100.0 * report.bytesAfter() / Math.max(1, report.bytesBefore())));
    lines.add("fidelity  " + report.fidelity().map(ReportText::fidelity).orElse("not measured"));
    lines.add("speed     " + report.speed().map(ReportText::speed).orElse("not measured"));
    return lines;
  }

  static String write(QuantizationReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(report.model() + " at " + report.asked());
    summary(report).stream().skip(1).forEach(lines::add);
    lines.add("form      " + report.form());
    lines.add("processor " + report.processor());
    if (!report.fusions().isEmpty()) {
      lines.add("fused     " + counts(report.fusions()));
    }
    lines.add("nodes     " + counts(report.nodesByForm()));
    reasons(report.nodes()).forEach(line -> lines.add("          " + line));
    worst("weakest   weights: ", report.nodes(), Node::weightDecibels).ifPresent(lines::add);
    worst("weakest   outputs, expected: ", report.nodes(), Node::outputDecibels)
        .ifPresent(lines::add);
    report.notes().forEach(note -> lines.add("note      " + note));
    String rows =
        report.calibrationRows() == 0
            ? ""
            : format(", ranges from %d rows", report.calibrationRows());
    lines.add(format("work      %.1f s", report.seconds()) + rows);
    return String.join("\n", lines);
  }

  private static String fidelity(Fidelity fidelity) {
    StringBuilder text = new StringBuilder();
    text.append(
        fidelity.isInLabels()
            ? format("%.4f of the answers are the same", fidelity.meanCosine())
            : format(
                "cosine mean %.4f, 1st percentile %.4f, least %.4f",
                fidelity.meanCosine(), fidelity.firstPercentileCosine(), fidelity.leastCosine()));
    share(text, ", Spearman %.4f", fidelity.spearman());
    share(text, ", same neighbour %.3f", fidelity.sameNeighbour());
    share(text, ", same top %.4f", fidelity.sameTop());
    text.append(
        format(" (%s, %d %s)", fidelity.output(), fidelity.rows(), rows(fidelity.madeUp())));
    return text.toString();
  }

  private static String rows(boolean madeUp) {
    return madeUp ? "made-up rows: they only show that nothing is broken" : "rows";
  }

  private static void share(StringBuilder text, String format, double value) {
    if (!Double.isNaN(value)) {
      text.append(format(format, value));
    }
  }

  private static String speed(Speed speed) {
    return format(
        "%.2fx (%.2f to %.2f) with %d %s, %s",
        speed.ratio(),
        speed.low(),
        speed.high(),
        speed.threads(),
        speed.threads() == 1 ? "thread" : "threads",
        speed.input());
  }

  private static String counts(Map<String, ? extends Number> counts) {
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }

  /** What was left alone, and why: most frequent first. */
  private static List<String> reasons(List<Node> nodes) {
    Map<String, Long> counts = new LinkedHashMap<>();
    nodes.stream()
        .filter(node -> node.form().equals("FLOAT"))
        .forEach(node -> counts.merge(node.operator() + " left: " + node.reason(), 1L, Long::sum));
    List<String> lines =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
            .limit(MOST_REASONS)
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.toCollection(ArrayList::new));
    if (counts.size() > MOST_REASONS) {
      lines.add("and " + (counts.size() - MOST_REASONS) + " other reasons");
    }
    return lines;
  }

  /** The nodes whose weights or outputs suffer most. */
  private static Optional<String> worst(
      String title, List<Node> nodes, ToDoubleFunction<Node> decibels) {
    String list =
        nodes.stream()
            .filter(node -> !Double.isNaN(decibels.applyAsDouble(node)))
            .sorted(Comparator.comparingDouble(decibels))
            .limit(WORST_NODES)
            .map(node -> format("%s %.0f dB", node.name(), decibels.applyAsDouble(node)))
            .collect(Collectors.joining(", "));
    return list.isEmpty() ? Optional.empty() : Optional.of(title + list);
  }

  static String bytes(long bytes) {
    return bytes < 1_000_000 ? format("%.1f kB", bytes / 1e3) : format("%.1f MB", bytes / 1e6);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
