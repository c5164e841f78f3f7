package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.InferenceRuntime;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.onnx.ort.OrtLibrary;

/**
 * Runs ONNX models on ONNX Runtime. Found by itself when it is on the class path or module path;
 * only {@link OnnxOptions} is ever named in a program.
 */
public final class OnnxRuntime implements InferenceRuntime {
  private static final Passes PASSES = StandardPasses.INSTANCE;

  /** Made by the service loader; loads nothing yet. */
  public OnnxRuntime() {}

  @Override
  public String name() {
    return "ONNX Runtime";
  }

  /** The version of the native library, for example {@code 1.24.1}. */
  public static String nativeVersion() {
    return OrtLibrary.get().version();
  }

  /** Takes any file and any bytes: ONNX has no mark at its beginning, so {@link #load} decides. */
  @Override
  public boolean recognizes(ModelSource source) {
    return true;
  }

  @Override
  public Model load(ModelSource source) {
    return OnnxModel.load(source);
  }

  @Override
  public boolean opens(Model model) {
    return model instanceof OnnxModel;
  }

  @Override
  public Session open(Model model, SessionOptions options) {
    OnnxModel onnx = (OnnxModel) model;
    if (options.device().kind() == Device.Kind.CPU) {
      return OnnxSession.open(onnx, options, PASSES);
    }
    return new Placing(
            computed(onnx, options),
            Gpus.find(),
            OnnxSession.onnxOptions(options).gpu(),
            new PlacedOpener(onnx, options, PASSES)::open)
        .open(options.device());
  }

  /** The numbers that a model will compute with: what is quantized already runs as it is. */
  static Precision computed(OnnxModel model, SessionOptions options) {
    return PASSES
        .quantizedAs(model.data())
        .map(Passes.Quantized::computes)
        .orElse(options.precision());
  }
}
