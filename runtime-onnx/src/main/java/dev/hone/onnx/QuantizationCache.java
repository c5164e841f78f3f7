package dev.hone.onnx;

import dev.hone.ModelSource;
import dev.hone.SessionOptions;
import dev.hone.onnx.cache.CacheFolder;
import dev.hone.onnx.cache.ContentHash;
import dev.hone.onnx.cache.DiskCache;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.CpuFeatures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the results of quantizing on disk. An entry is the model and its report; its key tells
 * everything that it was made from.
 */
final class QuantizationCache {
  private static final String MODEL = "model.onnx";

  private final DiskCache cache;
  private final ContentHash hashes;
  private final Path folder;

  private QuantizationCache(Path folder, long bytes) {
    this.folder = folder;
    this.cache = new DiskCache(folder, bytes);
    this.hashes = new ContentHash(folder);
  }

  /** The cache that the options name, or null if they want none. */
  static @Nullable QuantizationCache of(Quantization options) {
    return options.cacheBytes() == 0
        ? null
        : new QuantizationCache(
            options.cacheFolder().orElseGet(CacheFolder::standard), options.cacheBytes());
  }

  /** A result, ready to be opened. */
  record Kept(ModelSource source, QuantizationReport report) {}

  /**
   * The key of a result.
   *
   * @param asked for what device and precision, how, and how many threads it was timed with
   * @param examples the digest of the data it was made with
   */
  String key(OnnxModel model, SessionOptions asked, String examples) throws IOException {
    List<String> parts = new ArrayList<>();
    parts.add(contentHash(model.source()));
    for (Path file : model.data().externalFiles()) {
      parts.add(file.getFileName() + " " + hashes.of(file));
    }
    parts.add(asked.precision().name() + " on " + asked.device().kind());
    parts.add(text(OnnxSession.onnxOptions(asked).quantization()));
    parts.add(OnnxSession.threads(asked) + " threads");
    parts.add(examples);
    parts.add(LibraryIdentity.here());
    parts.add(CpuFeatures.here().summary());
    return ContentHash.of(String.join("\n", parts));
  }

  private String contentHash(ModelSource source) throws IOException {
    return source instanceof ModelSource.OfFile file
        ? hashes.of(file.path())
        : ContentHash.of(((ModelSource.OfBytes) source).bytes());
  }

  /** Every option that the result depends on. */
  private static String text(Quantization options) {
    return String.join(
        " ",
        options.form().name(),
        options.blocks().name(),
        Integer.toString(options.blockSize()),
        new TreeSet<>(options.excluded()).toString(),
        options.leastMeanCosine().toString(),
        options.leastFirstPercentile().toString(),
        Boolean.toString(options.evenIfWorse()),
        Boolean.toString(options.evenIfSlower()));
  }

  /** Waits until nobody else works on this key. */
  DiskCache.Work lock(String key) {
    return cache.lock(key);
  }

  /** The result under this key, if there is a whole one. */
  Optional<Kept> find(String key) throws IOException {
    Optional<DiskCache.Entry> entry = cache.find(key);
    return entry.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Kept(source(entry.get()), QuantizationReport.fromJson(entry.get().text())));
  }

  private static ModelSource source(DiskCache.Entry entry) {
    return ModelSource.of(entry.folder().resolve(MODEL));
  }

  /**
   * Keeps a result.
   *
   * @return what was kept; empty if it is larger than the cache may be
   */
  Optional<ModelSource> store(String key, ModelData model, QuantizationReport report)
      throws IOException {
    Optional<DiskCache.Entry> entry =
        cache.store(
            key,
            half -> {
              model.write(half.resolve(MODEL));
              return report.toJson();
            });
    return entry.isEmpty() ? Optional.empty() : Optional.of(source(entry.get()));
  }

  /** The folder, for messages. */
  @Override
  public String toString() {
    return folder.toString();
  }
}
