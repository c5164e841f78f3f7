package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.cuda.device.CaptureLock;
import dev.hone.cuda.device.CudaStream;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.StreamRuns;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model that ONNX Runtime runs, with inputs and outputs in the device's memory. Each lane has a
 * session of ONNX Runtime of its own, because that is what has a stream.
 */
public final class BoundStreamModel implements StreamModel {
  private final GpuModel model;
  private final boolean graphs;
  private final Set<String> handedThrough;

  /**
   * Of this model, which stays its owner's.
   *
   * @param graphs whether its runs may become CUDA graphs
   */
  public BoundStreamModel(GpuModel model, boolean graphs) {
    this.model = model;
    this.graphs = graphs;
    this.handedThrough = new HashSet<>(model.signature().inputNames());
    handedThrough.retainAll(model.signature().outputNames());
  }

  @Override
  public Signature signature() {
    return model.signature();
  }

  /**
   * Texts lie nowhere, and a value that may be missing or has no type is better left to a run. So
   * is one that is both input and output: ONNX Runtime writes nothing to where it shall be.
   */
  @Override
  public boolean onDevice(Signature.Value value) {
    DataType type = value.type();
    return value.kind() == Signature.Kind.TENSOR
        && type != null
        && type != DataType.STRING
        && !handedThrough.contains(value.name());
  }

  @Override
  public Execution open(CudaStream stream) {
    // ONNX Runtime allocates and waits as it likes, and must not while somebody captures.
    StreamRuns runs = CaptureLock.outside(() -> model.open(stream.handle(), graphs));
    try {
      return new BoundExecution(graphs ? new OneThreadRuns(runs) : runs, graphs);
    } catch (RuntimeException | Error e) {
      close(runs);
      throw e;
    }
  }

  private static void close(StreamRuns runs) {
    CaptureLock.outside(
        () -> {
          runs.close();
          return runs;
        });
  }

  private record BoundExecution(StreamRuns runs, boolean capturesGraphs) implements Execution {
    @Override
    public void run(Port[] inputs, Port[] outputs, @Nullable Cancellation stop) {
      boolean toHost = describe(inputs, outputs);
      Batch given = CaptureLock.outside(() -> runs.run(stop));
      if (toHost) {
        give(given, outputs);
      }
    }

    @Override
    public void capture(int graph, Port[] inputs, Port[] outputs) {
      describe(inputs, outputs);
      runs.runGraph(graph);
    }

    @Override
    public void runGraph(int graph, Port[] inputs, Port[] outputs) {
      describe(inputs, outputs);
      CaptureLock.outside(
          () -> {
            runs.runGraph(graph);
            return graph;
          });
    }

    /** Tells what takes part; returns whether something goes to the host. */
    private boolean describe(Port[] inputs, Port[] outputs) {
      runs.begin();
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i].isWanted()) {
          runs.input(i, inputs[i].tensor(), inputs[i].address());
        }
      }
      boolean toHost = false;
      for (int i = 0; i < outputs.length; i++) {
        if (outputs[i].isOnDevice()) {
          runs.output(i, outputs[i].tensor(), outputs[i].address());
        } else if (outputs[i].isWanted()) {
          runs.outputToHost(i);
          toHost = true;
        }
      }
      return toHost;
    }

    /** Hands over each tensor by itself; the batch around them holds nothing else. */
    private static void give(Batch given, Port[] outputs) {
      for (Port output : outputs) {
        int position = given.names().indexOf(output.value().name());
        if (position >= 0) {
          Tensor tensor = given.tensor(position);
          output.give(tensor);
        }
      }
    }

    @Override
    public void close() {
      BoundStreamModel.close(runs);
    }
  }
}
