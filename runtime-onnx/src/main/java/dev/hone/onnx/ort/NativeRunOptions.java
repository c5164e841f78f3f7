package dev.hone.onnx.ort;

import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.onnxruntime.OrtRunOptions;

/** Makes the options of runs. */
final class NativeRunOptions {
  /**
   * What goes wrong in a run is told by an exception, so ONNX Runtime need not print it as well.
   * When the JVM ends during a run, nobody is left to be told: the run fails then because the C++
   * library takes its tables down.
   */
  private static final int LOG_FATAL = 4;

  private NativeRunOptions() {}

  /**
   * Options with these entries, for one run at a time; the caller releases them.
   *
   * @param entries ONNX Runtime's own keys and values for single runs
   */
  static OrtRunOptions create(OrtLibrary library, Map<String, String> entries) {
    OrtRunOptions options = new OrtRunOptions(library.created(library.api::CreateRunOptions));
    try {
      library.check(library.api.RunOptionsSetRunLogSeverityLevel(options, LOG_FATAL));
      entries.forEach((key, value) -> add(library, options, key, value));
      return options;
    } catch (RuntimeException | Error e) {
      library.api.ReleaseRunOptions(options);
      throw e;
    }
  }

  private static void add(OrtLibrary library, OrtRunOptions options, String key, String value) {
    try (BytePointer nativeKey = Names.cString(key);
        BytePointer nativeValue = Names.cString(value)) {
      library.check(library.api.AddRunConfigEntry(options, nativeKey, nativeValue));
    }
  }
}
