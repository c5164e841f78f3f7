package dev.hone.onnx.graph;

import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.Signature;
import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model as data.
 *
 * <p><b>Reading.</b> {@link #read(ModelSource)} maps a file, or views bytes; weights are looked at
 * where they are, so a model of any size needs little heap. What is read is checked ({@link
 * ModelCheck}): a model that comes back is sound as far as that can be seen without running it.
 *
 * <p><b>Editing.</b> Mutable and not thread-safe; {@link #copy} is cheap because weights are
 * shared. The source must stay as it is for as long as the model is used.
 *
 * <p><b>Writing.</b> {@link #write} makes a file, {@link #toMemory} bytes off the heap. One model
 * always gives the same bytes, and an unchanged one those that were read.
 */
public final class ModelData {
  private long irVersion;
  private final Map<String, ModelCodec.Opset> opsets;
  private final Map<String, String> metadata;
  private final Graph graph;
  private final List<RawField> rest;
  private final List<LocalFunction> functions;
  private @Nullable ByteBuffer origin;

  ModelData(
      long irVersion,
      Map<String, ModelCodec.Opset> opsets,
      Map<String, String> metadata,
      Graph graph,
      List<RawField> rest,
      List<LocalFunction> functions) {
    this.irVersion = irVersion;
    this.opsets = new LinkedHashMap<>(opsets);
    this.metadata = new LinkedHashMap<>(metadata);
    this.graph = graph;
    this.rest = rest;
    this.functions = functions;
  }

  /** A model made of this graph, in this version of the standard operators. */
  public static ModelData of(Graph graph, long opset) {
    return new ModelData(
        ModelCheck.irVersionFor(opset),
        Map.of("", new ModelCodec.Opset(opset, null)),
        Map.of(),
        graph,
        List.of(),
        List.of());
  }

  /**
   * Reads a model.
   *
   * @throws HoneException.ModelException if it cannot be read or is not sound
   */
  public static ModelData read(ModelSource source) {
    return ModelFiles.read(source);
  }

  /**
   * Reads a model file; external data is looked for beside it.
   *
   * @throws HoneException.ModelException if it cannot be read or is not sound
   */
  public static ModelData read(Path path) {
    return read(ModelSource.of(path));
  }

  /** The version of the format. */
  public long irVersion() {
    return irVersion;
  }

  /** The version of the standard operators; 1 where the model does not say. */
  public long opset() {
    ModelCodec.Opset standard = opsets.get("");
    return standard == null ? 1 : standard.version();
  }

  /** The versions of all operator sets, by domain, copied; the standard one is the empty domain. */
  public Map<String, Long> opsets() {
    Map<String, Long> versions = new LinkedHashMap<>();
    opsets.forEach((domain, opset) -> versions.put(domain, opset.version()));
    return versions;
  }

  /** Says that the model uses this version of this operator set. */
  public void importOpset(String domain, long version) {
    ModelCodec.Opset before = opsets.get(domain);
    if (before == null || before.version() != version) {
      opsets.put(domain, new ModelCodec.Opset(version, null));
      origin = null;
    }
  }

  /**
   * What the author wrote about the model, and what tools added: {@code metadata_props}, as it can
   * be changed with {@link #putMetadata}.
   */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** Adds to the metadata, or replaces what was there. */
  public void putMetadata(String key, String value) {
    metadata.put(key, value);
    origin = null;
  }

  /**
   * All that the model says about itself: the metadata, and under the names of {@code onnx.proto}
   * {@code producer_name}, {@code producer_version}, {@code domain}, {@code model_version} and
   * {@code doc_string} where they are there.
   */
  public Map<String, String> description() {
    return ModelCodec.description(this);
  }

  /** The graph that is run. */
  public Graph graph() {
    return graph;
  }

  /** The functions that the model defines, as {@code domain.name}; they are kept as they are. */
  public List<String> functions() {
    return functions.stream().map(LocalFunction::key).toList();
  }

  /**
   * The inputs and outputs. An input is optional if it has a default that callers can override, or
   * is of an optional type.
   */
  public Signature signature() {
    List<Signature.Value> inputs = new ArrayList<>();
    for (ValueInfo input : graph.inputs()) {
      boolean weight = graph.initializer(input.name()) != null;
      if (!weight || graph.hasDefault(input.name())) {
        inputs.add(input.toValue(weight));
      }
    }
    return new Signature(inputs, graph.outputs().stream().map(o -> o.toValue(false)).toList());
  }

  /** How many weights there are: see {@link Weights}. */
  public long parameterCount() {
    return Weights.of(graph).count();
  }

  /** The bytes that the weights take: see {@link Weights}. */
  public long parameterBytes() {
    return Weights.of(graph).byteSize();
  }

  /** A copy that can be changed without changing this one. Weights are shared. */
  public ModelData copy() {
    ModelData copy = new ModelData(irVersion, opsets, metadata, graph.copy(), rest, functions);
    copy.origin = origin;
    return copy;
  }

  /**
   * Writes the model to one file, with the weights in it if it stays below 2 GiB, and beside it
   * otherwise. The file appears whole or not at all: it is written under another name first.
   *
   * @throws HoneException if it cannot be written; nothing is left behind then
   */
  public void write(Path path) {
    ModelFiles.write(this, path);
  }

  /**
   * Writes the model with its larger weights in a second file beside it, whose name ends in {@code
   * .data} and holds a checksum, so that an older pair of the same name stays whole until the new
   * one is. Each weight begins at a multiple of 4096 bytes, to be mapped.
   *
   * @param leastBytes weights smaller than this stay in the model file
   * @throws HoneException if it cannot be written; nothing is left behind then
   */
  public void writeWithExternalData(Path path, long leastBytes) {
    ModelFiles.writeWithExternalData(this, path, leastBytes);
  }

  /**
   * The model as bytes off the heap, weights in it. The caller closes them.
   *
   * @throws HoneException.ModelException if it would be 2 GiB or more
   */
  public Memory toMemory() {
    return ModelFiles.toMemory(this);
  }

  /**
   * The model as bytes off the heap, weights in it, for as long as somebody holds them.
   *
   * @throws HoneException.ModelException if it would be 2 GiB or more
   */
  public ByteBuffer toBuffer() {
    return ModelFiles.toBuffer(this);
  }

  /** The bytes that the model takes when it is written, with the weights beside it. */
  public long byteSize() {
    return ModelFiles.byteSize(this);
  }

  /** Whether the model stays below 2 GiB with its weights in it. */
  public boolean fitsOneFile() {
    return ModelFiles.fitsOneFile(this);
  }

  /** The files beside the model that hold weights, in order. */
  public Set<Path> externalFiles() {
    return ExternalData.files(this);
  }

  Map<String, ModelCodec.Opset> imports() {
    return opsets;
  }

  List<LocalFunction> localFunctions() {
    return functions;
  }

  List<RawField> rest() {
    return rest;
  }

  /**
   * Lets initializers be no inputs, which before IR version 4 each had to be: to be called before
   * some are added. What callers see stays as it is, for they could not override any.
   */
  public void freeInitializers() {
    if (irVersion < ModelCodec.OVERRIDABLE_DEFAULTS) {
      importOpset("", opset()); // which very old versions need not say
      graph.freeInitializers();
      irVersion = ModelCodec.OVERRIDABLE_DEFAULTS;
      origin = null;
    }
  }

  /** Says that the model, as it is now, is what was read from here. */
  void setOrigin(ByteBuffer message) {
    origin = message;
  }

  /** The message as it was read, or null if the model is new or changed. */
  @Nullable ByteBuffer untouched() {
    return graph.isUntouched() ? origin : null;
  }

  /** The model as text: its versions and its graph. */
  @Override
  public String toString() {
    return "onnx IR " + irVersion + ", opsets " + opsets() + "\n" + graph;
  }
}
