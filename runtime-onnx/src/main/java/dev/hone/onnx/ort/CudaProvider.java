package dev.hone.onnx.ort;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtCUDAProviderOptionsV2;
import org.bytedeco.onnxruntime.OrtSessionOptions;

/** Puts ONNX Runtime's CUDA provider before that of the CPU. Uses nothing of CUDA in Java. */
final class CudaProvider {
  private CudaProvider() {}

  /**
   * Loads the provider's library, which looks for those of CUDA, and adds it to the options of a
   * session.
   *
   * @param settings the provider's options, by its own keys
   * @param stream CUDA's handle of the stream to compute in; 0 for one of its own
   * @throws dev.hone.HoneException if there is no such provider here, or if it cannot be loaded
   */
  static void append(
      OrtLibrary library, OrtSessionOptions options, Map<String, String> settings, long stream) {
    OrtCUDAProviderOptionsV2 cuda =
        new OrtCUDAProviderOptionsV2(library.created(library.api::CreateCUDAProviderOptions));
    try {
      update(library, cuda, new TreeMap<>(settings));
      if (stream != 0) {
        library.check(
            library.api.UpdateCUDAProviderOptionsWithValue(
                cuda, "user_compute_stream", new Stream(stream)));
      }
      library.check(library.api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda));
    } finally {
      library.api.ReleaseCUDAProviderOptions().call(cuda);
    }
  }

  private static void update(
      OrtLibrary library, OrtCUDAProviderOptionsV2 cuda, Map<String, String> settings) {
    List<BytePointer> strings = new ArrayList<>();
    try (PointerPointer<BytePointer> keys = cStrings(settings.keySet(), strings);
        PointerPointer<BytePointer> values = cStrings(settings.values(), strings)) {
      library.check(library.api.UpdateCUDAProviderOptions(cuda, keys, values, settings.size()));
    } finally {
      strings.forEach(BytePointer::close);
    }
  }

  /** A stream of CUDA, of which nothing is known but where it is. */
  private static final class Stream extends Pointer {
    Stream(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  private static PointerPointer<BytePointer> cStrings(
      Iterable<String> texts, List<BytePointer> made) {
    int from = made.size();
    texts.forEach(text -> made.add(Names.cString(text)));
    List<BytePointer> mine = made.subList(from, made.size());
    return new PointerPointer<>(mine.toArray(new BytePointer[0]));
  }
}
