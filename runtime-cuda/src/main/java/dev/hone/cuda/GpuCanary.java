package dev.hone.cuda;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A small model that is run on a GPU and on the CPU before anything that matters is: a convolution
 * and a product of matrices, so that cuDNN and cuBLAS are used and not only found.
 */
final class GpuCanary {
  private static final int CHANNELS = 3;
  private static final int SIDE = 8;
  private static final int FILTERS = 4;
  private static final int FILTER_SIDE = 3;
  private static final int POSITIONS = (SIDE - FILTER_SIDE + 1) * (SIDE - FILTER_SIDE + 1);
  private static final int WIDTH = 8;
  private static final int OPSET = 17;

  /** Sums of a few hundred products in FP32 differ by far less, whatever their order is. */
  private static final double TOLERANCE = 1e-3;

  private GpuCanary() {}

  /**
   * Runs it on the first GPU; what went wrong, or empty. Takes a second or two, and some hundred
   * megabytes of the GPU until it returns.
   */
  static Optional<String> onGpu() {
    CudaOptions exact = CudaOptions.builder().tf32(false).build();
    SessionOptions gpu =
        SessionOptions.builder()
            .device(Device.cuda(0))
            .runtime(OnnxOptions.builder().gpu(exact).build())
            .build();
    SessionOptions cpu = SessionOptions.builder().threads(1).build();
    Model model = model();
    try (Batch in = input()) {
      return difference(() -> Session.open(model, gpu), () -> Session.open(model, cpu), in);
    }
  }

  /** What went wrong when both were run on the same, in a sentence without its full stop. */
  static Optional<String> difference(Supplier<Session> gpu, Supplier<Session> cpu, Batch in) {
    try (Session judged = gpu.get();
        Session right = cpu.get();
        Batch answer = judged.run(in);
        Batch expected = right.run(in)) {
      float[] got = answer.tensor(0).toFloatArray();
      float[] wanted = expected.tensor(0).toFloatArray();
      for (int i = 0; i < wanted.length; i++) {
        // Also where it is no number.
        if (!(Math.abs(got[i] - wanted[i]) <= TOLERANCE * (1 + Math.abs(wanted[i])))) {
          return Optional.of(
              String.format(
                  Locale.ROOT, "its answer has %s where the CPU computes %s", got[i], wanted[i]));
        }
      }
      return Optional.empty();
    } catch (RuntimeException | LinkageError e) { // whatever it is, it is what is wrong here
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  static Model model() {
    Graph graph = new Graph("canary");
    Dimension rows = Dimension.of("rows");
    graph.addInput(
        ValueInfo.tensor(
            "x",
            DataType.FLOAT32,
            rows,
            Dimension.of(CHANNELS),
            Dimension.of(SIDE),
            Dimension.of(SIDE)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(sines("filters", Shape.of(FILTERS, CHANNELS, FILTER_SIDE, FILTER_SIDE)));
    graph.putInitializer(sines("weights", Shape.of(FILTERS * POSITIONS, WIDTH)));
    graph.add(
        Node.of("Conv", List.of("x", "filters"), List.of("c")),
        Node.of("Relu", List.of("c"), List.of("r")),
        Node.of("Flatten", List.of("r"), List.of("f")),
        Node.of("MatMul", List.of("f", "weights"), List.of("y")));
    return Model.load(
        new ModelSource.OfBytes(ModelData.of(graph, OPSET).toBuffer(), "canary", null));
  }

  static Batch input() {
    return Batch.of("x", Tensor.of(waves(2 * CHANNELS * SIDE * SIDE), 2, CHANNELS, SIDE, SIDE));
  }

  private static TensorData sines(String name, Shape shape) {
    return TensorData.ofFloats(name, shape, waves((int) shape.elementCount()));
  }

  private static float[] waves(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(1 + 0.7 * i);
    }
    return values;
  }
}
