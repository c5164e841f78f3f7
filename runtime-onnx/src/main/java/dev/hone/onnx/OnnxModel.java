package dev.hone.onnx;

import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Signature;
import dev.hone.onnx.graph.ModelData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An ONNX model: its structure, read and checked, with the weights left where they are. */
final class OnnxModel implements Model {
  private final String name;
  private final ModelData data;
  private final Signature signature;
  private @Nullable ModelSource source;

  private OnnxModel(String name, ModelData data, @Nullable ModelSource source) {
    this.name = name;
    this.source = source;
    this.data = data;
    this.signature = data.signature();
  }

  static OnnxModel load(ModelSource source) {
    return new OnnxModel(source.name(), ModelData.read(source), source);
  }

  /**
   * A model that was loaded as ONNX.
   *
   * @throws IllegalArgumentException if it was not
   */
  static OnnxModel require(Model model) {
    Given.value(model, "model to change", "Load one with Model.load.");
    if (model instanceof OnnxModel onnx) {
      return onnx;
    }
    throw new IllegalArgumentException(
        "Only models loaded as ONNX can be changed, but '"
            + model.source().name()
            + "' is a "
            + model.getClass().getName()
            + ".");
  }

  /** A model that was made here. Its bytes are written when somebody asks for them. */
  static OnnxModel of(String name, ModelData data) {
    return new OnnxModel(name, data, null);
  }

  /** The name of the source. */
  String name() {
    return name;
  }

  /** Whether there are bytes of it already. */
  synchronized boolean isStored() {
    return source != null;
  }

  /** The graph. Copy it before changing it. */
  ModelData data() {
    return data;
  }

  @Override
  public synchronized ModelSource source() {
    ModelSource known = source;
    if (known == null) {
      known = new ModelSource.OfBytes(data.toBuffer(), name, null);
      source = known;
    }
    return known;
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Map<String, String> metadata() {
    return data.description();
  }

  @Override
  public long parameterCount() {
    return data.parameterCount();
  }

  @Override
  public long parameterBytes() {
    return data.parameterBytes();
  }

  @Override
  public void save(Path file) {
    Given.value(file, "file to save a model to", "Name one in a folder that exists.");
    requireOther(file);
    data.write(file);
  }

  /** Whether it is read from a file: the model's own, or one beside it that holds weights. */
  boolean isReadFrom(Path file) {
    ModelSource loaded = isStored() ? source() : null;
    boolean own = loaded instanceof ModelSource.OfFile from && isSame(from.path(), file);
    return own || data.externalFiles().stream().anyMatch(beside -> isSame(beside, file));
  }

  /**
   * Whether its weights beside it lie in its own folder. Where model and weights are links to
   * another folder, as in the cache of a hub, ONNX Runtime does not follow them.
   */
  boolean isInOneFolder() {
    if (!(isStored() && source() instanceof ModelSource.OfFile file)) {
      return true;
    }
    try {
      Path folder = file.path().toAbsolutePath().getParent();
      Path real = folder == null ? null : folder.toRealPath();
      for (Path beside : data.externalFiles()) {
        if (real != null && !beside.toRealPath().startsWith(real)) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return true; // then opening says what is wrong
    }
  }

  /** Refuses the files that this model was loaded from. */
  void requireOther(Path file) {
    if (isReadFrom(file)) {
      throw new IllegalArgumentException(
          "The file of the original, '"
              + file
              + "', is not written over: a model cannot be made whole again. Save under another"
              + " name.");
    }
  }

  private static boolean isSame(Path a, Path b) {
    try {
      return Files.exists(b) && Files.isSameFile(a, b);
    } catch (IOException e) {
      return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
    }
  }

  /** The source's name and the signature. */
  @Override
  public String toString() {
    return name + "\n" + signature;
  }
}
