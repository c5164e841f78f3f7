package dev.hone.onnx;

import dev.hone.Precision;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What became of a model that was brought to another precision, and how good it is: all of it
 * measured on the machine that did the work. {@link #toString} is a text for people, {@link
 * #toJson} one for programs.
 *
 * @param model the name of the model
 * @param asked the precision that was asked for
 * @param precision the numbers that the result computes with
 * @param form what was done, in a few words
 * @param bytesBefore the size of the model before
 * @param bytesAfter its size now
 * @param nodes what became of each node that could have changed, and why
 * @param fusions how many groups of nodes of each kind became one
 * @param calibrationRows rows from which ranges were learned
 * @param fidelity how near the answers are to the original's; empty if there was nothing to compare
 *     them on
 * @param speed how much faster it is here; empty if it was not timed
 * @param processor what the processor can do, and what follows from it
 * @param seconds how long the work took
 * @param notes what else there is to know
 */
public record QuantizationReport(
    String model,
    Precision asked,
    Precision precision,
    String form,
    long bytesBefore,
    long bytesAfter,
    List<Node> nodes,
    Map<String, Integer> fusions,
    long calibrationRows,
    Optional<Fidelity> fidelity,
    Optional<Speed> speed,
    String processor,
    double seconds,
    List<String> notes) {
  /** Copies the lists. */
  public QuantizationReport {
    nodes = List.copyOf(nodes);
    fusions = Collections.unmodifiableMap(new TreeMap<>(fusions));
    notes = List.copyOf(notes);
  }

  /**
   * What became of one node.
   *
   * @param name its name, or its first output where it has none
   * @param operator its operator before the change
   * @param form what it is now, for example {@code STATIC_INT8}; {@code FLOAT} if it was left alone
   * @param reason why
   * @param weightDecibels how far the error of its weights lies below them (the
   *     signal-to-quantization-noise ratio, about 40 in 8 bits and 20 in 4); infinite if nothing
   *     was rounded off, NaN if not measured
   * @param outputDecibels how far the error that rounding its input and its weights brings into its
   *     output lies below that output: the signal-to-quantization-noise ratio that is expected from
   *     the statistics of the calibration data, with rounding errors that are independent and
   *     evenly spread, before what compensates for errors, and without what reaches the node from
   *     those before it. It is not measured on a run. NaN where it is not known: nodes that were
   *     not quantized with fixed scales (floats, dynamic scales, only stored smaller), and those
   *     whose inputs' channels calibration did not tell apart
   */
  public record Node(
      String name,
      String operator,
      String form,
      String reason,
      double weightDecibels,
      double outputDecibels) {}

  /**
   * How near the answers are to the original's, row by row, on data not used for calibration. A
   * row's vector is the masked mean over the sequence where the model has an attention mask, and
   * otherwise all that the output holds for the row. Of a model whose outputs are all integers or
   * texts it is told how many of them are the same, and nothing else.
   *
   * @param output the output, of several the one that is worst
   * @param rows rows compared
   * @param madeUp whether the inputs were made up, for want of real ones: then the figures only
   *     show that nothing is broken
   * @param meanCosine the mean of the cosine of each row to the original's; of integers or texts
   *     the share that is the same
   * @param firstPercentileCosine what all but a hundredth of the rows reach; NaN for integers or
   *     texts
   * @param leastCosine the worst row; NaN as above
   * @param spearman Spearman's rank correlation of all pairwise similarities of rows; NaN if it
   *     cannot be told
   * @param sameNeighbour the share of rows whose nearest other row is the same; NaN as above
   * @param sameTop the share of places where the largest value is the same one; NaN where the
   *     output is not that of a classifier
   */
  public record Fidelity(
      String output,
      long rows,
      boolean madeUp,
      double meanCosine,
      double firstPercentileCosine,
      double leastCosine,
      double spearman,
      double sameNeighbour,
      double sameTop) {
    /** Whether the answers are integers or texts, which have no direction. */
    boolean isInLabels() {
      return Double.isNaN(firstPercentileCosine);
    }
  }

  /**
   * How much faster the result is than the original, each at its best, timed in turns.
   *
   * @param ratio the time of the original over that of the result, the median of all turns
   * @param low the lower quartile
   * @param high the upper quartile
   * @param turns how often both were timed
   * @param threads threads that worked on one run
   * @param input names and shapes of what they were timed with
   */
  public record Speed(
      double ratio, double low, double high, int turns, int threads, String input) {}

  /** How many nodes took which form. */
  public Map<String, Long> nodesByForm() {
    Map<String, Long> counts = new TreeMap<>();
    nodes.forEach(node -> counts.merge(node.form(), 1L, Long::sum));
    return counts;
  }

  /** The report as a JSON object whose keys are the names of the components. */
  public String toJson() {
    return ReportJson.write(this);
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException if the text is no such report
   */
  public static QuantizationReport fromJson(String json) {
    return ReportJson.read(Given.value(json, "report as JSON", "Take what toJson wrote."));
  }

  /** The most important lines: sizes, fidelity, speed. */
  public List<String> summary() {
    return ReportText.summary(this);
  }

  /** A text for people. */
  @Override
  public String toString() {
    return ReportText.write(this);
  }
}
