package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.Passes.Draft;
import dev.hone.onnx.Passes.Drafts;
import dev.hone.onnx.Passes.Task;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.quantize.BlockQuantizer;
import dev.hone.onnx.quantize.BlockWeights;
import dev.hone.onnx.quantize.EmbeddingRows;
import dev.hone.onnx.quantize.NodeChoice;
import dev.hone.onnx.quantize.SensitiveProducts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Weights in blocks of 4 or 8 bits. In 4 bits, the products that are known to suffer get 8, and so
 * do those that are to be spared; in 8 bits these stay floats.
 */
final class BlocksRecipe implements Drafts {
  private final Task task;
  private final BlockQuantizer quantizer;
  private final Precision precision;
  private final Groundwork ground;

  private BlocksRecipe(Task task, BlockQuantizer quantizer, Precision precision) {
    this.task = task;
    this.quantizer = quantizer;
    this.precision = precision;
    this.ground = Groundwork.of(task, FusionOptions.EXACT);
  }

  static BlocksRecipe int4(Task task) {
    BlockQuantizer.Method method =
        switch (task.options().blocks()) {
          case ROUND_TO_NEAREST -> BlockQuantizer.Method.ROUND_TO_NEAREST;
          case K_QUANT -> BlockQuantizer.Method.K_QUANT;
          case HALF_QUADRATIC -> BlockQuantizer.Method.HALF_QUADRATIC;
        };
    BlockQuantizer quantizer = new BlockQuantizer(method, 4, task.options().blockSize());
    return new BlocksRecipe(task, quantizer, Precision.INT4);
  }

  static BlocksRecipe int8(Task task) {
    BlockQuantizer quantizer =
        new BlockQuantizer(BlockQuantizer.INT8.method(), 8, task.options().blockSize());
    return new BlocksRecipe(task, quantizer, Precision.INT8);
  }

  @Override
  public Draft sparing(Set<String> spared) {
    task.progress().at("quantizing", 0.1);
    Groundwork work = ground.copy();
    Set<String> left = new HashSet<>(ground.excluded());
    Set<String> eightBits = new HashSet<>();
    if (precision == Precision.INT4) {
      eightBits.addAll(SensitiveProducts.of(work.model()));
      eightBits.addAll(spared);
    } else {
      left.addAll(spared);
    }
    List<NodeChoice> choices =
        new ArrayList<>(
            BlockWeights.apply(
                work.model(), quantizer, left, eightBits, BlockWeights.Importance.UNKNOWN));
    choices.addAll(EmbeddingRows.apply(work.model(), left));
    work.model().graph().removeDead();
    return new Draft(
        work.model(),
        precision,
        "weights in " + quantizer.bits() + " bits, in blocks of " + quantizer.blockSize(),
        choices,
        work.fusions(),
        work.notes());
  }

  @Override
  public List<String> sensitive() {
    Set<String> already =
        precision == Precision.INT4 ? SensitiveProducts.of(ground.model()) : Set.of();
    return SensitiveProducts.ranking(ground.model()).stream()
        .filter(node -> !already.contains(node) && !ground.excluded().contains(node))
        .toList();
  }
}
