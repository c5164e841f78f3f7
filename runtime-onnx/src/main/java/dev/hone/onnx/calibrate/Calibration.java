package dev.hone.onnx.calibrate;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Statistics of chosen values of a model while it answers calibration data. Immutable.
 *
 * <p>The model is run as it is, with the chosen values as its outputs, one batch after the other;
 * what comes is added up and thrown away, so memory does not grow with the data. Statistics do not
 * depend on the order of the batches (sums of squares: up to rounding).
 *
 * <p>Padding counts like any other token: pad calibration data as little as real data.
 */
public final class Calibration {
  private final Map<String, ValueStatistics> statistics;
  private final int batches;

  private Calibration(Map<String, ValueStatistics> statistics, int batches) {
    this.statistics = statistics;
    this.batches = batches;
  }

  /**
   * Runs the model on all data.
   *
   * @param model the float model; it is not changed
   * @param values names of FLOAT32 values: inputs of the model or outputs of its nodes
   * @param data inputs, borrowed: each batch may be closed as soon as the next one is asked for
   * @param opener makes the model ready to run
   * @throws IllegalArgumentException if there is no data, if a batch does not fit the model, or if
   *     the model has no value of one of the names
   */
  public static Calibration collect(
      ModelData model, Collection<String> values, Iterable<Batch> data, ModelRunner.Opener opener) {
    return collect(model, values, Set.of(), data, opener);
  }

  /**
   * As {@link #collect(ModelData, Collection, Iterable, ModelRunner.Opener)}, and also gathers Gram
   * matrices, which take 8 bytes for each pair of channels and time for each row and pair.
   *
   * @param gramOf those of the values whose Gram matrix is wanted
   */
  public static Calibration collect(
      ModelData model,
      Collection<String> values,
      Set<String> gramOf,
      Iterable<Batch> data,
      ModelRunner.Opener opener) {
    Map<String, StatisticsBuilder> builders = new LinkedHashMap<>();
    values.forEach(v -> builders.put(v, new StatisticsBuilder(v, gramOf.contains(v))));
    ModelData watched = watching(model, builders.keySet());
    int batches = 0;
    try (ModelRunner runner = opener.open(watched)) {
      for (Batch in : data) {
        add(builders, watched.graph(), in, runner);
        batches++;
      }
    }
    if (batches == 0) {
      throw new IllegalArgumentException(
          "Calibration needs data, but there was no batch. Give inputs like those of real use; a"
              + " hundred rows are usually enough.");
    }
    Map<String, ValueStatistics> statistics = new LinkedHashMap<>();
    builders.forEach((name, builder) -> statistics.put(name, builder.build()));
    return new Calibration(statistics, batches);
  }

  private static void add(
      Map<String, StatisticsBuilder> builders, Graph graph, Batch in, ModelRunner runner) {
    try (Batch out = runner.run(in)) {
      builders.forEach(
          (name, builder) -> {
            Batch holder = graph.isInput(name) ? in : out;
            if (holder.indexOf(name) >= 0) { // an input with a default may be left out
              Tensor tensor = holder.get(name);
              builder.add(tensor);
            }
          });
    }
  }

  /** The model with these values as outputs, without what they do not need. */
  private static ModelData watching(ModelData model, Set<String> values) {
    ModelData watched = model.copy();
    Graph graph = watched.graph();
    List<String> before = graph.outputs().stream().map(ValueInfo::name).toList();
    boolean any = false;
    for (String value : values) {
      if (graph.producer(value) == null && !graph.isInput(value)) {
        throw new IllegalArgumentException(
            "Only inputs of a model and outputs of its nodes can be calibrated, but '"
                + value
                + "' is neither.");
      }
      if (!graph.isInput(value)) {
        any = true;
        if (!graph.isOutput(value)) {
          graph.addOutput(
              ValueInfo.tensor(value, DataType.FLOAT32, (List<Signature.Dimension>) null));
        }
      }
    }
    if (any) {
      before.stream().filter(name -> !values.contains(name)).forEach(graph::removeOutput);
      graph.removeDead();
    }
    return watched;
  }

  /** How many batches there were, at least 1. */
  public int batches() {
    return batches;
  }

  /** Whether there are statistics of a value. */
  public boolean has(String value) {
    return statistics.containsKey(value);
  }

  /**
   * The statistics of a value.
   *
   * @throws IllegalArgumentException if there are none
   */
  public ValueStatistics of(String value) {
    ValueStatistics found = statistics.get(value);
    if (found == null) {
      throw new IllegalArgumentException(
          "The value '" + value + "' was not calibrated; " + statistics.size() + " others were.");
    }
    return found;
  }

  /** The names of all calibrated values, in the order in which they were given. */
  public Set<String> values() {
    return Collections.unmodifiableSet(statistics.keySet());
  }
}
