package dev.hone.onnx.ort;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.onnxruntime.OrtApi;
import org.bytedeco.onnxruntime.OrtSessionOptions;
import org.bytedeco.onnxruntime.global.onnxruntime;

/** {@link OrtSettings} in native form, for as long as a session needs them. */
final class NativeOptions implements AutoCloseable {
  private final OrtLibrary library;
  final OrtSessionOptions options;

  NativeOptions(OrtLibrary library, OrtSettings settings) {
    this(library, settings, 0);
  }

  /**
   * For a session whose GPU computes in a stream of ours.
   *
   * @param stream CUDA's handle of it; 0 for one of ONNX Runtime's own
   */
  NativeOptions(OrtLibrary library, OrtSettings settings, long stream) {
    this.library = library;
    this.options = new OrtSessionOptions(library.created(library.api::CreateSessionOptions));
    try {
      apply(settings, stream);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void apply(OrtSettings settings, long stream) {
    OrtApi api = library.api;
    library.check(api.SetIntraOpNumThreads(options, settings.threads()));
    library.check(api.SetInterOpNumThreads(options, settings.branches()));
    int mode = settings.branches() > 1 ? onnxruntime.ORT_PARALLEL : onnxruntime.ORT_SEQUENTIAL;
    library.check(api.SetSessionExecutionMode(options, mode));
    library.check(api.SetSessionGraphOptimizationLevel(options, settings.optimization().level));
    library.check(
        settings.arena() ? api.EnableCpuMemArena(options) : api.DisableCpuMemArena(options));
    library.check(
        settings.memoryPattern() ? api.EnableMemPattern(options) : api.DisableMemPattern(options));
    library.check(api.SetDeterministicCompute(options, settings.deterministic()));
    if (settings.profile() != null) {
      withPath(settings.profile(), path -> library.check(api.EnableProfiling(options, path)));
    }
    if (settings.optimizedModel() != null) {
      withPath(
          settings.optimizedModel(),
          path -> library.check(api.SetOptimizedModelFilePath(options, path)));
    }
    entries(settings).forEach(this::addEntry);
    if (!settings.cuda().isEmpty()) {
      CudaProvider.append(library, options, settings.cuda(), stream);
    }
  }

  private static Map<String, String> entries(OrtSettings settings) {
    String spinning = settings.spinning() ? "1" : "0";
    Map<String, String> entries = new TreeMap<>();
    entries.put("session.intra_op.allow_spinning", spinning);
    entries.put("session.inter_op.allow_spinning", spinning);
    entries.put("session.record_ep_graph_assignment_info", "1");
    entries.putAll(settings.config());
    return entries;
  }

  void addEntry(String key, String value) {
    try (BytePointer nativeKey = Names.cString(key);
        BytePointer nativeValue = Names.cString(value)) {
      library.check(library.api.AddSessionConfigEntry(options, nativeKey, nativeValue));
    }
  }

  private static void withPath(Path path, Consumer<Pointer> use) {
    try (Pointer nativePath = Names.path(path)) {
      use.accept(nativePath);
    }
  }

  @Override
  public void close() {
    library.api.ReleaseSessionOptions(options);
  }
}
