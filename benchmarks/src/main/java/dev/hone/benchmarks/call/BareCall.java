package dev.hone.benchmarks.call;

import dev.hone.benchmarks.inputs.GemmModel;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.Env;
import org.bytedeco.onnxruntime.IoBinding;
import org.bytedeco.onnxruntime.MemoryInfo;
import org.bytedeco.onnxruntime.OrtApi;
import org.bytedeco.onnxruntime.OrtRunOptions;
import org.bytedeco.onnxruntime.OrtSession;
import org.bytedeco.onnxruntime.OrtStatus;
import org.bytedeco.onnxruntime.RunOptions;
import org.bytedeco.onnxruntime.Session;
import org.bytedeco.onnxruntime.SessionOptions;
import org.bytedeco.onnxruntime.Value;
import org.bytedeco.onnxruntime.global.onnxruntime;

/** The JavaCPP binding as it is, without a library above it: the least that Java can pay. */
abstract class BareCall implements Call {
  private final FloatPointer in; // the native value does not keep it: the collector would free it
  private final FloatPointer out;
  private final Env env;
  private final SessionOptions options;
  final Session session;
  final RunOptions runOptions = new RunOptions();
  final Value input;
  final Value output;

  private BareCall(GemmModel model, float[] row) {
    env = new Env(onnxruntime.ORT_LOGGING_LEVEL_WARNING, "bare");
    options = new SessionOptions();
    options.SetIntraOpNumThreads(1);
    options.SetInterOpNumThreads(1);
    options.SetGraphOptimizationLevel(onnxruntime.ORT_ENABLE_ALL);
    byte[] bytes = model.bytes();
    session = new Session(env, new BytePointer(bytes), bytes.length, options);
    in = new FloatPointer(row);
    out = new FloatPointer(model.outputWidth());
    MemoryInfo memory =
        MemoryInfo.CreateCpu(onnxruntime.OrtDeviceAllocator, onnxruntime.OrtMemTypeDefault);
    input =
        Value.CreateTensorFloat(
            memory.asOrtMemoryInfo(), in, row.length, new LongPointer(1, row.length), 2);
    output =
        Value.CreateTensorFloat(
            memory.asOrtMemoryInfo(),
            out,
            model.outputWidth(),
            new LongPointer(1, model.outputWidth()),
            2);
  }

  @Override
  public float[] output() {
    float[] values = new float[(int) out.capacity()];
    out.get(values);
    return values;
  }

  @Override
  public void close() {
    session.close();
    in.close();
    out.close();
    options.close();
    env.close();
  }

  /** {@code Session.Run(RunOptions, IoBinding)}. */
  static final class Binding extends BareCall {
    private final IoBinding binding;

    Binding(GemmModel model, float[] row) {
      super(model, row);
      binding = new IoBinding(session);
      binding.BindInput("x", input);
      binding.BindOutput("y", output);
    }

    @Override
    public void once() {
      session.Run(runOptions, binding);
    }

    @Override
    public void close() {
      binding.close();
      super.close();
    }
  }

  /** {@code OrtApi.Run}. */
  static final class Values extends BareCall {
    private final OrtApi api = onnxruntime.GetApi();
    private final OrtSession handle = session.asOrtSession();
    private final OrtRunOptions runHandle = runOptions.asOrtRunOptions();
    private final PointerPointer<BytePointer> inputNames = new PointerPointer<>("x");
    private final PointerPointer<BytePointer> outputNames = new PointerPointer<>("y");
    private final PointerPointer<Value> inputs = new PointerPointer<>(1);
    private final PointerPointer<Value> outputs = new PointerPointer<>(1);

    Values(GemmModel model, float[] row) {
      super(model, row);
      inputs.put(input.asOrtValue());
      outputs.put(output.asOrtValue());
    }

    @Override
    public void once() {
      OrtStatus status = api.Run(handle, runHandle, inputNames, inputs, 1, outputNames, 1, outputs);
      if (status != null) {
        throw new IllegalStateException("OrtApi.Run failed.");
      }
    }
  }
}
