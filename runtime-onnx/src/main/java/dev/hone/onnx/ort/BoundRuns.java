package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.ModelSource;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.onnx.gpu.StreamRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.onnxruntime.OrtIoBinding;
import org.bytedeco.onnxruntime.OrtMemoryInfo;
import org.bytedeco.onnxruntime.OrtRunOptions;
import org.bytedeco.onnxruntime.OrtSession;
import org.bytedeco.onnxruntime.OrtValue;
import org.bytedeco.onnxruntime.global.onnxruntime;
import org.jspecify.annotations.Nullable;

/**
 * A session of ONNX Runtime of its own, whose inputs and outputs are bound to where they are. On
 * the CUDA provider that is the device's memory, and it computes in the stream that it is given; on
 * the provider of the CPU, where "the device" is the host, the same code runs.
 */
public final class BoundRuns implements StreamRuns {
  private static final String CUDA = "Cuda";
  private static final String DO_NOT_WAIT = "disable_synchronize_execution_providers";

  private static final String GRAPH = "gpu_graph_id";
  private static final String NO_GRAPH = "-1";

  private final OrtLibrary library;
  private final Releases releases;
  private final OrtSession session;
  private final OrtMemoryInfo deviceMemory;
  private final OrtIoBinding binding;
  private final OrtRunOptions waiting;
  private final OrtRunOptions queueing;
  private final Map<String, String> runConfig;
  private final List<OrtRunOptions> graphs = new ArrayList<>(); // by number
  private final List<String> inputNames;
  private final List<String> outputNames;
  private final BoundSide inputs;
  private final BoundSide outputs;

  private BoundRuns(
      OrtLibrary library,
      OrtSession session,
      Releases releases,
      Signature signature,
      OrtSettings settings) {
    int gpu = gpu(settings);
    this.library = library;
    this.session = session;
    this.releases = releases;
    this.inputNames = signature.inputNames();
    this.outputNames = signature.outputNames();
    this.deviceMemory =
        gpu < 0
            ? library.hostMemory
            : releases.own(deviceMemory(library, gpu), library.api::ReleaseMemoryInfo);
    Map<String, String> entries = new TreeMap<>(settings.runConfig());
    if (settings.capturesGraphs()) {
      entries.put(GRAPH, NO_GRAPH); // without a word, every run would be one
    }
    this.waiting = runOptions(entries);
    entries.put(DO_NOT_WAIT, "1");
    this.queueing = runOptions(entries);
    this.runConfig = Map.copyOf(entries);
    this.inputs = releases.own(new BoundSide(library, new Names(inputNames)), BoundSide::close);
    this.outputs = releases.own(new BoundSide(library, new Names(outputNames)), BoundSide::close);
    this.binding =
        releases.own(
            new OrtIoBinding(library.created(out -> library.api.CreateIoBinding(session, out))),
            library.api::ReleaseIoBinding);
  }

  /**
   * Opens a model.
   *
   * @param settings how; their provider decides which device it is
   * @param stream CUDA's handle of the stream to compute in; 0 for one of ONNX Runtime's own
   * @throws HoneException.ModelException if ONNX Runtime refuses the model
   * @throws IllegalArgumentException if the model takes or gives sequences, which lie nowhere
   */
  public static BoundRuns open(
      ModelSource source, Signature signature, OrtSettings settings, long stream) {
    requireTensors(signature);
    OrtLibrary library = OrtLibrary.get();
    Releases releases = new Releases();
    try {
      NativeOptions options =
          releases.own(new NativeOptions(library, settings, stream), NativeOptions::close);
      OrtSession session =
          releases.own(new NativeModel(library, source).open(options), library.api::ReleaseSession);
      return new BoundRuns(library, session, releases, signature, settings);
    } catch (RuntimeException | Error e) {
      releases.close();
      throw e;
    }
  }

  /** Whether all that a model takes and gives can be bound. */
  public static boolean takes(Signature signature) {
    return signature.inputs().stream().allMatch(BoundRuns::isTensor)
        && signature.outputs().stream().allMatch(BoundRuns::isTensor);
  }

  private static boolean isTensor(Signature.Value value) {
    return value.kind() == Signature.Kind.TENSOR;
  }

  private static void requireTensors(Signature signature) {
    if (!takes(signature)) {
      throw new IllegalArgumentException(
          "Only tensors can be bound to memory, but the model is " + signature + ".");
    }
  }

  private static int gpu(OrtSettings settings) {
    return settings.cuda().isEmpty()
        ? -1
        : Integer.parseInt(settings.cuda().getOrDefault("device_id", "0"));
  }

  private static OrtMemoryInfo deviceMemory(OrtLibrary library, int gpu) {
    try (BytePointer name = Names.cString(CUDA)) {
      return new OrtMemoryInfo(
          library.created(
              out ->
                  library.api.CreateMemoryInfo(
                      name,
                      onnxruntime.OrtDeviceAllocator,
                      gpu,
                      onnxruntime.OrtMemTypeDefault,
                      out)));
    }
  }

  private OrtRunOptions runOptions(Map<String, String> entries) {
    return releases.own(NativeRunOptions.create(library, entries), library.api::ReleaseRunOptions);
  }

  @Override
  public void begin() {
    inputs.begin();
    outputs.begin();
  }

  @Override
  public void input(int input, Tensor tensor, long deviceAddress) {
    if (deviceAddress == 0) {
      inputs.describe(input, tensor);
    } else {
      inputs.describe(input, tensor, deviceAddress, deviceMemory);
    }
  }

  @Override
  public void output(int output, Tensor tensor, long deviceAddress) {
    String name = outputNames.get(output);
    if (inputNames.contains(name)) { // ONNX Runtime would leave the memory as it was
      throw new IllegalArgumentException(
          "The output '"
              + name
              + "' is an input that the model hands through, which nothing writes to memory that is"
              + " bound for it. Take it with outputToHost.");
    }
    outputs.describe(output, tensor, deviceAddress, deviceMemory);
  }

  @Override
  public void outputToHost(int output) {
    outputs.leaveOpen(output);
  }

  @Override
  public Batch run(@Nullable Cancellation stop) {
    bind();
    boolean toHost = outputs.hasOpen();
    OrtRunOptions how = toHost ? waiting : queueing;
    try (Stopping ignored = new Stopping(library, how, stop)) {
      library.check(library.api.RunWithBinding(session, how, binding));
    } catch (OrtLibrary.Terminated e) {
      throw new CancelledException("The run was stopped by its caller.");
    }
    return toHost ? takeOpen() : Batch.of(List.of(), List.of());
  }

  /** ONNX Runtime itself runs it twice, captures it, and queues it, when a number is new. */
  @Override
  public void runGraph(int graph) {
    while (graphs.size() <= graph) {
      Map<String, String> entries = new TreeMap<>(runConfig);
      entries.put(GRAPH, Integer.toString(graphs.size() + 1)); // 0 is ONNX Runtime's own
      graphs.add(runOptions(entries));
    }
    bind();
    library.check(library.api.RunWithBinding(session, graphs.get(graph), binding));
  }

  private void bind() {
    if (inputs.leavesOut()) { // one alone cannot be unbound
      library.api.ClearBoundInputs().call(binding);
      inputs.forget();
    }
    if (outputs.leavesOut()) {
      library.api.ClearBoundOutputs().call(binding);
      outputs.forget();
    }
    inputs.bind((name, value) -> library.api.BindInput(binding, name, value));
    outputs.bind(
        (name, value) ->
            value == null
                ? library.api.BindOutputToDevice(binding, name, library.hostMemory)
                : library.api.BindOutput(binding, name, value));
  }

  /** Takes the outputs that ONNX Runtime allocated, and lets go of the others. */
  private Batch takeOpen() {
    // The call lets this pointer point to the array that it allocates.
    PointerPointer<Pointer> values = new PointerPointer<>((Pointer) null);
    try (SizeTPointer count = new SizeTPointer(1);
        PointerPointer<Pointer> open = new PointerPointer<>(outputNames.size())) {
      library.check(library.api.GetBoundOutputValues(binding, library.allocator, values, count));
      try {
        return takeOpen(values, count.get(), open);
      } finally {
        library.check(library.api.AllocatorFree(library.allocator, values));
      }
    }
  }

  private Batch takeOpen(PointerPointer<Pointer> values, long count, PointerPointer<Pointer> open) {
    List<Integer> bound = outputs.inOrder();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Pointer value = values.get(Pointer.class, i);
      if (outputs.isOpen(bound.get(i))) {
        open.put(names.size(), value);
        names.add(outputNames.get(bound.get(i)));
      } else {
        library.api.ReleaseValue(new OrtValue(value));
      }
    }
    return new OutputValues(library, inputs::covers).take(names, open);
  }

  /** Lets go in this order: the binding, what is bound, the session, its options. */
  @Override
  public void close() {
    releases.close();
  }
}
