package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.InputCheck;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaEvent;
import dev.hone.cuda.device.CudaStream;
import dev.hone.memory.Memory;
import dev.hone.metrics.RunTimer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that one run at a time needs on a lane: ports, the memory behind them, and three events. Used
 * by one thread at a time, and used again only after the host has seen the run end.
 */
final class Slot implements AutoCloseable {
  final Lane lane;
  final RunTimer timer;
  final int[] inputPositions;
  final int[] outputPositions;
  final long[] symbols;
  final Port[] inputs;
  final Port[] outputs;
  final CudaEvent copiedIn;
  final CudaEvent computed;
  final CudaEvent done;

  private final CudaDevice device;
  final List<GraphBucket> buckets = new ArrayList<>();

  private final PortBuffers ordinary;
  private PortBuffers buffers; // of this run: the ordinary ones, or those of its bucket

  Slot(Lane lane, CudaDevice device, StreamModel model, InputCheck check, LaneSettings settings) {
    this.timer = new RunTimer(settings.name(), settings.recorder());
    this.lane = lane;
    this.device = device;
    this.inputPositions = new int[check.inputCount()];
    this.outputPositions = new int[check.outputCount()];
    this.symbols = new long[check.symbolCount()];
    this.inputs = ports(model, model.signature().inputs());
    this.outputs = ports(model, model.signature().outputs());
    this.ordinary = new PortBuffers(device, inputs.length, outputs.length);
    this.buffers = ordinary;
    CudaEvent[] events = new CudaEvent[3];
    try {
      for (int i = 0; i < events.length; i++) {
        events[i] = device.openEvent();
      }
    } catch (RuntimeException | Error e) {
      for (CudaEvent event : events) {
        if (event != null) {
          event.close();
        }
      }
      throw e;
    }
    this.copiedIn = events[0];
    this.computed = events[1];
    this.done = events[2];
  }

  private static Port[] ports(StreamModel model, List<Signature.Value> values) {
    return values.stream().map(v -> new Port(v, model.onDevice(v))).toArray(Port[]::new);
  }

  /** The inputs of the next run, as {@link #inputPositions} has them. */
  void want(Batch in) {
    for (int i = 0; i < inputs.length; i++) {
      if (inputPositions[i] >= 0) {
        inputs[i].want(in.tensor(inputPositions[i]));
      }
    }
  }

  /** An output of the next run; {@code target} is null where only the run tells what it is. */
  void want(int output, @Nullable Tensor target) {
    outputs[output].want(target);
  }

  /** Whether everything in this run lies on the device, at a size known before. */
  boolean isAllOnDevice() {
    for (Port port : inputs) {
      if (port.isWanted() && !port.mayBeOnDevice()) {
        return false;
      }
    }
    for (Port port : outputs) {
      if (port.isWanted() && (port.target() == null || !port.mayBeOnDevice())) {
        return false;
      }
    }
    return true;
  }

  /** Whether a tensor of the caller lies on the device: at addresses that no graph can keep. */
  boolean usesMemoryOfCaller() {
    for (Port port : inputs) {
      if (port.isCallersOnDevice()) {
        return true;
      }
    }
    for (Port port : outputs) {
      if (port.isCallersOnDevice()) {
        return true;
      }
    }
    return false;
  }

  /** This run has the memory of its bucket. */
  void use(GraphBucket bucket) {
    buffers = bucket.buffers;
  }

  /** Queues the copies of the inputs. */
  void copyIn(CudaStream stream) {
    for (int i = 0; i < inputs.length; i++) {
      Port port = inputs[i];
      if (port.isWanted() && port.mayBeOnDevice()) {
        Tensor tensor = port.tensor();
        long bytes = tensor.byteSize();
        if (port.isCallersOnDevice()) {
          port.place(tensor.memory().deviceAddress(), bytes);
        } else {
          port.place(buffers.inputs[i].onDevice(bytes), bytes);
          stream.copyToDevice(port.address(), source(tensor, bytes, buffers.inputs[i]), bytes);
        }
      }
    }
    stream.record(copiedIn);
  }

  /** Where the device can copy from by itself. */
  private long source(Tensor tensor, long bytes, Buffers buffers) {
    Memory memory = tensor.memory();
    if (bytes == 0) {
      return 0;
    }
    if (device.pinned().contains(memory.address(), bytes)) {
      return memory.address();
    }
    Memory staging = buffers.staging(bytes);
    Memory.copyHeld(memory, 0, staging, 0, bytes);
    return staging.address();
  }

  /** Finds device memory for the outputs whose shapes are known. */
  void placeOutputs() {
    for (int i = 0; i < outputs.length; i++) {
      Tensor target = outputs[i].target();
      if (target != null && outputs[i].mayBeOnDevice()) {
        long bytes = target.byteSize();
        outputs[i].place(
            outputs[i].isCallersOnDevice()
                ? target.memory().deviceAddress()
                : buffers.outputs[i].onDevice(bytes),
            bytes);
      }
    }
  }

  /** Queues the copies of the outputs. */
  void copyOut(CudaStream stream) {
    for (int i = 0; i < outputs.length; i++) {
      Port port = outputs[i];
      if (goesToHost(port)) {
        Memory memory = port.tensor().memory();
        Memory host = isPinned(port) ? memory : buffers.outputs[i].staging(port.bytes());
        stream.copyToHost(host.address(), port.address(), port.bytes());
      }
    }
    stream.record(done);
  }

  private static boolean goesToHost(Port port) {
    return port.isOnDevice() && port.bytes() > 0 && !port.isCallersOnDevice();
  }

  private boolean isPinned(Port port) {
    return device.pinned().contains(port.tensor().memory().address(), port.bytes());
  }

  /** Copies to their targets what came by way of page-locked memory. The run has ended. */
  void collect() {
    for (int i = 0; i < outputs.length; i++) {
      Port port = outputs[i];
      if (goesToHost(port) && !isPinned(port)) {
        Memory staging = buffers.outputs[i].staging(port.bytes());
        Memory.copyHeld(staging, 0, port.tensor().memory(), 0, port.bytes());
      }
    }
  }

  /** Forgets the run, so that the slot can take another. */
  void clear() {
    for (Port port : inputs) {
      port.clear();
    }
    for (Port port : outputs) {
      port.clear();
    }
    buffers = ordinary;
  }

  @Override
  public void close() {
    copiedIn.close();
    computed.close();
    done.close();
    ordinary.close();
    buckets.forEach(GraphBucket::close);
  }
}
