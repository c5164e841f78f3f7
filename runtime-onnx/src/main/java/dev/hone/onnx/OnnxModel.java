package dev.hone.onnx;

import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Signature;
import dev.hone.onnx.graph.ModelData;
import java.util.Map;

/** An ONNX model: its structure, read and checked, with the weights left where they are. */
final class OnnxModel implements Model {
  private final ModelSource source;
  private final ModelData data;
  private final Signature signature;

  private OnnxModel(ModelSource source, ModelData data) {
    this.source = source;
    this.data = data;
    this.signature = data.signature();
  }

  static OnnxModel load(ModelSource source) {
    return new OnnxModel(source, ModelData.read(source));
  }

  /** A model that was read already from this source. */
  static OnnxModel of(ModelSource source, ModelData data) {
    return new OnnxModel(source, data);
  }

  /** The graph. Copy it before changing it. */
  ModelData data() {
    return data;
  }

  @Override
  public ModelSource source() {
    return source;
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

  /** The source's name and the signature. */
  @Override
  public String toString() {
    return source.name() + "\n" + signature;
  }
}
