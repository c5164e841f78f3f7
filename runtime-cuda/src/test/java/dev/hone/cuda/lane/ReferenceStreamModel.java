package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.ReferenceModel.Operation;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.FakeHeap.Access;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A reference model on the fake device: its function is a kernel that reads and writes the device's
 * memory when its turn comes. What depends on values before it can be queued waits for the stream,
 * as ONNX Runtime does.
 */
final class ReferenceStreamModel implements StreamModel {
  private static final Set<Operation> WAITING =
      EnumSet.of(Operation.POSITIVES, Operation.PICK, Operation.COUNT);

  private final FakeCuda cuda;
  private final ReferenceModel model;

  ReferenceStreamModel(FakeCuda cuda, ReferenceModel model) {
    this.cuda = cuda;
    this.model = model;
  }

  @Override
  public Signature signature() {
    return model.signature();
  }

  @Override
  public boolean onDevice(Signature.Value value) {
    return value.type() != DataType.STRING;
  }

  @Override
  public Execution open(CudaStream stream) {
    return new Run(stream.handle(), stream::synchronize);
  }

  /** As {@link #open}, for those who know the stream by its handle only. */
  Execution open(long stream) {
    return new Run(stream, () -> check(cuda.synchronizeStream(stream)));
  }

  private final class Run implements Execution {
    private final long stream;
    private final Runnable synchronize;
    private final Map<Integer, Long> executables = new HashMap<>();
    private final Map<Integer, List<Long>> addresses = new HashMap<>();

    Run(long stream, Runnable synchronize) {
      this.stream = stream;
      this.synchronize = synchronize;
    }

    @Override
    public void run(Port[] inputs, Port[] outputs, @Nullable Cancellation stop) {
      boolean onHost = outputs.length > 0 && !onDevice(model.signature().outputs().get(0));
      if (onHost || WAITING.contains(model.operation())) {
        runWaiting(inputs, outputs, stop);
        return;
      }
      List<Access> accesses = new ArrayList<>();
      List<Value> in = values(inputs, accesses, false);
      List<Value> out = values(outputs, accesses, true);
      check(cuda.enqueue(stream, accesses, () -> compute(in, out)));
    }

    private void runWaiting(Port[] inputs, Port[] outputs, @Nullable Cancellation stop) {
      synchronize.run();
      List<Value> in = values(inputs, new ArrayList<>(), false);
      try (Batch batch = read(in)) {
        if (model.operation() == Operation.COUNT) {
          pause(batch.get("times").toLongArray()[0], stop);
        }
        Batch result = model.function().apply(batch);
        for (Port output : outputs) {
          Tensor tensor = result.get(output.value().name());
          if (output.isOnDevice()) {
            try (tensor) {
              Value target = new Value(output.value().name(), output.address(), output.tensor());
              byte[] bytes = tensor.toByteArray();
              check(
                  cuda.enqueue(
                      stream,
                      List.of(Access.write(output.address(), bytes.length)),
                      () -> target.write(cuda, bytes)));
            }
          } else if (output.isWanted()) {
            output.give(tensor);
          } else {
            tensor.close();
          }
        }
      }
    }

    private void compute(List<Value> in, List<Value> out) {
      try (Batch batch = read(in);
          Batch result = model.function().apply(batch)) {
        for (Value target : out) {
          target.write(cuda, result.get(target.name).toByteArray());
        }
      }
    }

    private Batch read(List<Value> in) {
      List<String> names = new ArrayList<>();
      List<Tensor> tensors = new ArrayList<>();
      for (Value value : in) {
        names.add(value.name);
        tensors.add(value.read(cuda));
      }
      return Batch.of(names, tensors);
    }

    @Override
    public boolean capturesGraphs() {
      return !WAITING.contains(model.operation());
    }

    @Override
    public void capture(int graph, Port[] inputs, Port[] outputs) {
      check(cuda.beginCapture(stream));
      long[] captured = {-1};
      for (int spin = 0; spin < 1_000; spin++) {
        Thread.onSpinWait(); // others get their chance to break it
      }
      try {
        run(inputs, outputs, null);
      } catch (HoneException e) {
        if (cuda.endCapture(stream, captured) == 0) {
          cuda.destroyGraph(captured[0]);
        }
        throw e;
      }
      check(cuda.endCapture(stream, captured));
      long[] executable = new long[1];
      int code = cuda.instantiateGraph(captured[0], executable);
      cuda.destroyGraph(captured[0]);
      check(code);
      executables.put(graph, executable[0]);
      addresses.put(graph, addresses(inputs, outputs));
      runGraph(graph, inputs, outputs);
    }

    @Override
    public void runGraph(int graph, Port[] inputs, Port[] outputs) {
      if (!addresses(inputs, outputs).equals(addresses.get(graph))) {
        throw new AssertionError("A graph was replayed at other addresses.");
      }
      check(cuda.launchGraph(Objects.requireNonNull(executables.get(graph)), stream));
    }

    private List<Long> addresses(Port[] inputs, Port[] outputs) {
      return Stream.of(inputs, outputs).flatMap(Arrays::stream).map(Port::address).toList();
    }

    @Override
    public void close() {
      executables.values().forEach(cuda::destroyExecutableGraph);
    }
  }

  /** One microsecond for each round, until it is stopped. */
  private static void pause(long rounds, @Nullable Cancellation stop) {
    CountDownLatch stopped = new CountDownLatch(1);
    try (Cancellation.Registration ignored =
        stop == null ? () -> {} : stop.onCancel(stopped::countDown)) {
      if (stopped.await(rounds, TimeUnit.MICROSECONDS)) {
        throw new HoneException("The model was told to stop.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void check(int code) {
    if (code != 0) {
      throw new HoneException("The fake device returned " + code + ".");
    }
  }

  private static List<Value> values(Port[] ports, List<Access> accesses, boolean write) {
    List<Value> values = new ArrayList<>();
    for (Port port : ports) {
      if (port.isWanted()) {
        values.add(new Value(port.value().name(), port.address(), port.tensor()));
        if (port.bytes() > 0) {
          accesses.add(new Access(port.address(), port.bytes(), write));
        }
      }
    }
    return values;
  }

  /** Where a kernel finds an input or puts an output; {@code shaped} tells its type and shape. */
  private record Value(String name, long address, Tensor shaped) {
    Tensor read(FakeCuda cuda) {
      Tensor copy = Tensor.allocate(shaped.type(), shaped.shape());
      if (address == 0) {
        copy.copyFrom(shaped);
      } else if (shaped.byteSize() > 0) {
        ByteBuffer source = cuda.bytes(address, shaped.byteSize());
        copy.memory().lend(0, shaped.byteSize(), target -> target.put(source));
      }
      return copy;
    }

    void write(FakeCuda cuda, byte[] bytes) {
      if (bytes.length > 0) {
        cuda.bytes(address, bytes.length).put(bytes);
      }
    }
  }
}
