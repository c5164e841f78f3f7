package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.contract.ReferenceModel;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.StreamRuns;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A reference model on the fake device, as ONNX Runtime would offer it. */
public final class FakeGpuModel implements GpuModel {
  private final ReferenceModel model;
  private final ReferenceStreamModel onStream;
  private final Recorder recorder = Recorder.counting("fake", Capacity.of(2), new Gauges() {});
  private final List<String> log;
  private boolean refusesGraphs;

  /**
   * On this device.
   *
   * @param log gets a line for everything that is opened or closed
   */
  public FakeGpuModel(FakeCuda cuda, ReferenceModel model, List<String> log) {
    this.model = model;
    this.onStream = new ReferenceStreamModel(cuda, model);
    this.log = log;
  }

  /** Cannot be opened for graphs, as a model with nodes on the CPU. */
  public FakeGpuModel refusingGraphs() {
    refusesGraphs = true;
    return this;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public Signature signature() {
    return model.signature();
  }

  @Override
  public Recorder recorder() {
    return recorder;
  }

  @Override
  public StreamRuns open(long stream, boolean graphs) {
    if (graphs && refusesGraphs) {
      throw new HoneException("All nodes must be on the CUDA provider.");
    }
    log.add(graphs ? "runs opened for graphs" : "runs opened");
    return new Runs(onStream.open(stream));
  }

  @Override
  public void close() {
    log.add("model closed");
  }

  private final class Runs implements StreamRuns {
    private final Execution execution;
    private final Set<Integer> captured = new HashSet<>();
    private @Nullable Thread capturing;
    private final Port[] inputs = ports(model.signature().inputs());
    private final Port[] outputs = ports(model.signature().outputs());

    Runs(Execution execution) {
      this.execution = execution;
    }

    private Port[] ports(List<Signature.Value> values) {
      return values.stream()
          .map(value -> new Port(value, onStream.onDevice(value)))
          .toArray(Port[]::new);
    }

    @Override
    public void begin() {
      for (Port port : inputs) {
        port.clear();
      }
      for (Port port : outputs) {
        port.clear();
      }
    }

    @Override
    public void input(int input, Tensor tensor, long deviceAddress) {
      inputs[input].want(tensor);
      inputs[input].place(deviceAddress, deviceAddress == 0 ? 0 : tensor.byteSize());
    }

    @Override
    public void output(int output, Tensor tensor, long deviceAddress) {
      outputs[output].want(tensor);
      outputs[output].place(deviceAddress, tensor.byteSize());
    }

    @Override
    public void outputToHost(int output) {
      outputs[output].want(null);
    }

    @Override
    public Batch run(@Nullable Cancellation stop) {
      execution.run(inputs, outputs, stop);
      List<String> names = new ArrayList<>();
      List<Tensor> tensors = new ArrayList<>();
      for (Port output : outputs) {
        Tensor given = output.takeGiven();
        if (given != null) {
          names.add(output.value().name());
          tensors.add(given);
        }
      }
      begin(); // a result that is forgotten is found only where nothing else remembers it
      return Batch.of(names, tensors);
    }

    @Override
    public void runGraph(int graph) {
      Thread here = Thread.currentThread();
      capturing = capturing == null ? here : capturing;
      if (capturing != here) {
        throw new AssertionError("Captured on " + capturing + ", but run on " + here);
      }
      if (captured.contains(graph)) {
        log.add("replay " + graph);
        execution.runGraph(graph, inputs, outputs);
      } else {
        log.add("capture " + graph);
        execution.capture(graph, inputs, outputs);
        captured.add(graph);
      }
    }

    @Override
    public void close() {
      log.add("runs closed");
      execution.close();
    }
  }
}
