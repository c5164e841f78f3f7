package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.NodeChoice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The passes over a graph that bring it to a precision. */
interface Passes {
  /**
   * Does what needs to be done only once: fuses, and learns ranges. Changes nothing of what it is
   * given.
   *
   * @throws QuantizationException if the precision cannot be had
   * @throws IllegalArgumentException if the task contradicts itself
   */
  Drafts begin(Task task);

  /** Drafts of one task, which differ in what is left alone. */
  interface Drafts {
    /**
     * A draft.
     *
     * @param spared names of nodes, of those that are {@link #sensitive}, that get more bits than
     *     the others, or stay as they are
     */
    Draft sparing(Set<String> spared);

    /**
     * Names of nodes that could be spared, the one that costs most fidelity first; empty if nothing
     * is to be gained by sparing any. May take time: asked for only when a draft is too far off.
     */
    List<String> sensitive();
  }

  /** How a graph was quantized already, by this library or others; empty if nobody did. */
  Optional<Quantized> quantizedAs(ModelData model);

  /**
   * Whether a graph is already what FP16 is on a device: what computes in half precision on a GPU,
   * what stores its weights so elsewhere.
   */
  boolean isHalf(ModelData model, Device.Kind device);

  /**
   * What was done to a graph before.
   *
   * @param made the precision that it was brought to
   * @param computes the numbers it computes with: FP32 where weights were only stored smaller
   */
  record Quantized(Precision made, Precision computes) {}

  /**
   * What is to be done.
   *
   * @param model the graph, with its weights; not to be changed
   * @param precision what it shall compute with
   * @param device where it shall run: it is made and compared on the processor all the same
   * @param options how
   * @param calibration real inputs, or null if there are none
   * @param opener makes graphs ready to run
   * @param progress hears how far this step is, from 0 to 1
   */
  record Task(
      ModelData model,
      Precision precision,
      Device.Kind device,
      Quantization options,
      @Nullable Iterable<Batch> calibration,
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
   * @param notes what else there is to know
   */
  record Draft(
      ModelData model,
      Precision precision,
      String form,
      List<NodeChoice> choices,
      Map<String, Integer> fusions,
      List<String> notes) {
    /** Copies the lists. */
    public Draft {
      choices = List.copyOf(choices);
      fusions = Map.copyOf(fusions);
      notes = List.copyOf(notes);
    }

    /** Whether any node changed its form. */
    boolean changesAnything() {
      return choices.stream().anyMatch(choice -> choice.form() != NodeChoice.Form.FLOAT);
    }
  }
}
