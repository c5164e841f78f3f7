package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.InputCheck;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.MemoryPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Outputs in memory that was used before, where the model's symbols tell their shapes: binding them
 * is faster than letting ONNX Runtime allocate. Symbols of real models can be wrong; whoever finds
 * that out {@linkplain #distrust says so}, and no output is predicted any more. Thread-safe.
 */
final class PredictedOutputs implements AutoCloseable {
  private static final long MAX_IDLE_BYTES = 64L << 20;

  private final Signature signature;
  private final InputCheck check;
  private final MemoryPool memory = new MemoryPool(MAX_IDLE_BYTES);
  private volatile boolean trusted = true;

  PredictedOutputs(Signature signature, InputCheck check) {
    this.signature = signature;
    this.check = check;
  }

  /**
   * Tensors for the outputs of a run, which the lane's places then name.
   *
   * @param lane knows the lengths of the symbols in this run
   * @param chosen the places of the outputs in the signature
   * @return null where one of them is not known before the run
   */
  @Nullable Batch of(Lane lane, int[] chosen) {
    if (!trusted) {
      return null;
    }
    Shape[] shapes = new Shape[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      Signature.Value output = signature.outputs().get(chosen[i]);
      Shape shape = check.outputShape(chosen[i], lane.symbols);
      if (shape == null || output.type() == null || !isTensor(output)) {
        return null;
      }
      shapes[i] = shape;
    }
    return of(lane, chosen, shapes);
  }

  private static boolean isTensor(Signature.Value output) {
    return output.kind() == Signature.Kind.TENSOR && !output.optional();
  }

  /** Null if there is no memory for these shapes: a wrong model may promise any. */
  private @Nullable Batch of(Lane lane, int[] chosen, Shape[] shapes) {
    Arrays.fill(lane.outputPositions, -1);
    List<String> names = new ArrayList<>(chosen.length);
    List<Tensor> tensors = new ArrayList<>(chosen.length);
    try {
      for (int i = 0; i < chosen.length; i++) {
        Signature.Value output = signature.outputs().get(chosen[i]);
        DataType type = Objects.requireNonNull(output.type());
        long byteSize = type.byteSize(shapes[i].elementCount());
        names.add(output.name());
        tensors.add(Tensor.of(type, shapes[i], memory.take(byteSize)));
        lane.outputPositions[chosen[i]] = i;
      }
    } catch (OutOfMemoryError | ArithmeticException e) {
      tensors.forEach(Tensor::close);
      Arrays.fill(lane.outputPositions, -1);
      return null;
    }
    return Batch.of(names, tensors);
  }

  /** Ends all prediction: a run has shown that the symbols are wrong. */
  void distrust() {
    trusted = false;
  }

  @Override
  public void close() {
    memory.close();
  }
}
