package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The passes over a graph that bring it to a precision, as one step. */
interface Passes {
  /**
   * Brings a graph to a precision. Changes nothing of what it is given.
   *
   * @throws QuantizationException if this cannot be done
   */
  Draft apply(Task task);

  /** What a graph that others quantized computes with; empty if nobody did. */
  Optional<Precision> quantizedAs(ModelData model);

  /**
   * What is to be done.
   *
   * @param model the graph, with its weights; not to be changed
   * @param precision what it shall compute with
   * @param options how
   * @param calibration real inputs, or null if there are none
   * @param excluded names of further nodes that stay as they are
   * @param opener makes graphs ready to run
   * @param progress hears how far this step is, from 0 to 1
   */
  record Task(
      ModelData model,
      Precision precision,
      Quantization options,
      @Nullable Iterable<Batch> calibration,
      Set<String> excluded,
      ModelRunner.Opener opener,
      Progress progress) {}

  /**
   * A graph that may be taken.
   *
   * @param model the graph
   * @param precision the numbers it computes with
   * @param form what was done, in a few words
   * @param choices what became of each node that could have changed
   * @param fusions how many groups of nodes became one, by kind
   * @param sensitive names of quantized nodes, the one that costs most fidelity first; empty if
   *     nothing is to be gained by leaving them out
   * @param notes what else there is to know
   */
  record Draft(
      ModelData model,
      Precision precision,
      String form,
      List<NodeChoice> choices,
      Map<String, Integer> fusions,
      List<String> sensitive,
      List<String> notes) {
    /** Copies the lists. */
    public Draft {
      choices = List.copyOf(choices);
      fusions = Map.copyOf(fusions);
      sensitive = List.copyOf(sensitive);
      notes = List.copyOf(notes);
    }

    /** Whether any node changed its form. */
    boolean changesAnything() {
      return choices.stream().anyMatch(choice -> choice.form() != NodeChoice.Form.FLOAT);
    }
  }
}
