package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.AlreadyHalf;
import dev.hone.onnx.quantize.AlreadyQuantized;
import java.util.Optional;
import java.util.stream.Stream;

/** The passes of this library. */
enum StandardPasses implements Passes {
  /** The only one. */
  INSTANCE;

  private static final long FOUR_BITS = 4;

  @Override
  public Optional<Quantized> quantizedAs(ModelData model) {
    if (AlreadyQuantized.evidence(model).isEmpty()) {
      // What was only stored smaller has no operator that shows it, and computes as before.
      String made = Quantizing.madeAs(model).orElse("");
      return Stream.of(Precision.INT8, Precision.INT4)
          .filter(precision -> precision.name().equals(made))
          .map(precision -> new Quantized(precision, Precision.FP32))
          .findFirst();
    }
    boolean four =
        model.graph().nodes().stream()
            .filter(node -> node.is("com.microsoft", "MatMulNBits"))
            .anyMatch(node -> node.longAttribute("bits", FOUR_BITS) == FOUR_BITS);
    Precision precision = four ? Precision.INT4 : Precision.INT8;
    return Optional.of(new Quantized(precision, precision));
  }

  @Override
  public boolean isHalf(ModelData model, Device.Kind device) {
    boolean made = Quantizing.madeAs(model).filter(Precision.FP16.name()::equals).isPresent();
    if (device != Device.Kind.CUDA) {
      return made || AlreadyHalf.isStored(model); // what was spared stays spared
    }
    AlreadyHalf.Products products = AlreadyHalf.products(model);
    return products.half() > 0 && (products.single() == 0 || made);
  }

  @Override
  public Drafts begin(Task task) {
    return switch (task.precision()) {
      case INT8 -> int8(task);
      case INT4 -> BlocksRecipe.int4(task);
      case FP16 ->
          task.device() == Device.Kind.CUDA
              ? new HalfComputeRecipe(task)
              : new HalfStorageRecipe(task);
      case FP32, BF16 ->
          throw new IllegalArgumentException("No pass leads to " + task.precision() + ".");
    };
  }

  private static Drafts int8(Task task) {
    boolean calibrated = task.calibration() != null;
    return switch (task.options().form()) {
      case AUTOMATIC -> calibrated ? StaticRecipe.of(task) : new DynamicRecipe(task);
      case STATIC, FASTEST -> StaticRecipe.of(task);
      case DYNAMIC -> new DynamicRecipe(task);
      case WEIGHTS -> BlocksRecipe.int8(task);
    };
  }
}
