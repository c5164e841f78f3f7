package dev.hone.onnx.ort;

import dev.hone.HoneException;
import dev.hone.HoneException.ModelException;
import dev.hone.HoneException.NativeLibraryException;
import dev.hone.HoneException.OutOfMemoryException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtAllocator;
import org.bytedeco.onnxruntime.OrtApi;
import org.bytedeco.onnxruntime.OrtEnv;
import org.bytedeco.onnxruntime.OrtMemoryInfo;
import org.bytedeco.onnxruntime.OrtStatus;
import org.bytedeco.onnxruntime.global.onnxruntime;
import org.jspecify.annotations.Nullable;

/**
 * The native library of ONNX Runtime, loaded once in a process and never unloaded: its environment
 * outlives every session, so that leaving the JVM during a run is harmless.
 */
public final class OrtLibrary {
  private static final int LOG_ERRORS = 3;
  private static final String TERMINATED = "terminate flag";

  final OrtApi api;
  final OrtEnv env;
  final OrtMemoryInfo hostMemory;
  final OrtAllocator allocator;
  private final String version;

  /** The outcome of loading, kept as a value: either the library, or why there is none. */
  private static final class Loaded {
    static final @Nullable OrtLibrary LIBRARY;
    static final @Nullable Throwable ABSENCE;

    static {
      OrtLibrary library = null;
      Throwable absence = null;
      try {
        library = new OrtLibrary();
      } catch (LinkageError | RuntimeException e) {
        absence = e;
      }
      LIBRARY = library;
      ABSENCE = absence;
    }
  }

  private OrtLibrary() {
    Loader.load(onnxruntime.class);
    Pointer.sizeof(Pointer.class);
    this.api = onnxruntime.GetApi();
    this.version = onnxruntime.OrtGetApiBase().GetVersionString().call().getString();
    this.env = new OrtEnv(created(out -> api.CreateEnv(LOG_ERRORS, Names.cString("hone"), out)));
    check(api.DisableTelemetryEvents(env));
    this.hostMemory =
        new OrtMemoryInfo(
            created(
                out ->
                    api.CreateCpuMemoryInfo(
                        onnxruntime.OrtDeviceAllocator, onnxruntime.OrtMemTypeDefault, out)));
    this.allocator = new OrtAllocator(created(api::GetAllocatorWithDefaultOptions));
  }

  /**
   * The library.
   *
   * @throws NativeLibraryException if it is not there for this machine; the message says what to do
   */
  public static OrtLibrary get() {
    OrtLibrary library = Loaded.LIBRARY;
    if (library == null) {
      throw new NativeLibraryException(
          Absence.explain(
              System.getProperty("os.name"), System.getProperty("os.arch"), Loaded.ABSENCE),
          Loaded.ABSENCE);
    }
    return library;
  }

  /** The version, for example {@code 1.24.1}. */
  public String version() {
    return version;
  }

  /** A call that stores one created object in its argument. */
  @FunctionalInterface
  interface Creation {
    @Nullable OrtStatus into(PointerPointer<Pointer> out);
  }

  /** Calls, checks, and gives the pointer that the call stored. */
  Pointer created(Creation creation) {
    try (PointerPointer<Pointer> out = new PointerPointer<>(1)) {
      check(creation.into(out));
      return out.get();
    }
  }

  /** Throws what the status says, and frees it. Null, which is success, costs nothing. */
  void check(@Nullable OrtStatus status) {
    if (status != null) {
      throw toException(status);
    }
  }

  private HoneException toException(OrtStatus status) {
    int code = api.GetErrorCode().call(status);
    String message = api.GetErrorMessage().call(status).getString();
    api.ReleaseStatus(status);
    if (message.contains(TERMINATED)) {
      return new Terminated(message);
    }
    if (message.contains("bad_alloc") || message.contains("Failed to allocate memory")) {
      return new OutOfMemoryException(
          "ONNX Runtime could not get the memory it needs; use smaller batches or shorter inputs, or"
              + " raise the memory limit. It says: "
              + message,
          null);
    }
    return switch (code) {
      case onnxruntime.ORT_NO_SUCHFILE,
          onnxruntime.ORT_NO_MODEL,
          onnxruntime.ORT_INVALID_PROTOBUF,
          onnxruntime.ORT_NOT_IMPLEMENTED,
          onnxruntime.ORT_INVALID_GRAPH ->
          new ModelException(message);
      default -> new HoneException("ONNX Runtime says: " + message);
    };
  }

  /** A run ended because it was told to. */
  static final class Terminated extends HoneException {
    private static final long serialVersionUID = 1L;

    Terminated(String message) {
      super(message);
    }
  }
}
