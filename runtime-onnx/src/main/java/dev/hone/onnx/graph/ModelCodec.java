package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code ModelProto}. */
final class ModelCodec {
  private static final int IR_VERSION = 1;
  private static final int PRODUCER_NAME = 2;
  private static final int PRODUCER_VERSION = 3;
  private static final int DOMAIN = 4;
  private static final int MODEL_VERSION = 5;
  private static final int DOC_STRING = 6;
  private static final int GRAPH = 7;
  private static final int OPSET_IMPORT = 8;
  private static final int METADATA = 14;
  private static final int FUNCTION = 25;

  private static final int OPSET_DOMAIN = 1;
  private static final int OPSET_VERSION = 2;

  /** The first version in which an initializer that is also an input can be overridden. */
  static final int OVERRIDABLE_DEFAULTS = 4;

  /**
   * The version of an operator set.
   *
   * @param origin the field that said so, or null if it is new
   */
  record Opset(long version, @Nullable RawField origin) {}

  private ModelCodec() {}

  /**
   * Reads a model.
   *
   * @param folder where external data lies, or null
   * @throws MalformedException if the bytes are none
   */
  static ModelData parse(ByteBuffer bytes, @Nullable Path folder) {
    WireReader reader = WireReader.of(bytes);
    Map<String, Opset> opsets = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    List<RawField> rest = new ArrayList<>();
    List<LocalFunction> functions = new ArrayList<>();
    Graph graph = null;
    long irVersion = 0;
    while (reader.next()) {
      switch (reader.field()) {
        case IR_VERSION -> irVersion = reader.varint();
        case GRAPH -> {
          if (graph != null) {
            throw reader.malformed("a model has one graph, but this is its second");
          }
          graph = GraphCodec.parse(reader.message(), folder);
        }
        case OPSET_IMPORT -> parseOpset(reader, opsets);
        case METADATA -> {
          Map.Entry<String, String> pair = StringPairs.parse(reader.message());
          metadata.put(pair.getKey(), pair.getValue());
        }
        case FUNCTION -> {
          functions.add(LocalFunction.parse(reader.message(), folder));
          rest.add(reader.current());
        }
        default -> rest.add(reader.raw());
      }
    }
    if (graph == null) {
      throw new MalformedException("it holds no graph");
    }
    graph.setDefaultsFixed(irVersion < OVERRIDABLE_DEFAULTS);
    ModelData model = new ModelData(irVersion, opsets, metadata, graph, rest, functions);
    model.setOrigin(bytes.slice());
    return model;
  }

  private static void parseOpset(WireReader model, Map<String, Opset> opsets) {
    WireReader reader = model.message();
    String domain = "";
    long version = 0;
    while (reader.next()) {
      switch (reader.field()) {
        case OPSET_DOMAIN -> domain = reader.string();
        case OPSET_VERSION -> version = reader.varint();
        default -> reader.raw();
      }
    }
    opsets.put(domain.equals("ai.onnx") ? "" : domain, new Opset(version, model.current()));
  }

  /** A model as a message. */
  static WireWriter encode(ModelData model) {
    WireWriter out = new WireWriter();
    out.varint(IR_VERSION, model.irVersion());
    ByteBuffer graph = model.graph().untouched();
    if (graph != null) {
      out.bytes(GRAPH, graph);
    } else {
      out.message(GRAPH, GraphCodec.encode(model.graph()));
    }
    model.imports().forEach((domain, opset) -> encode(domain, opset, out));
    model.metadata().forEach((key, value) -> out.message(METADATA, StringPairs.encode(key, value)));
    model.rest().forEach(out::raw);
    return out;
  }

  private static void encode(String domain, Opset opset, WireWriter out) {
    if (opset.origin() != null) {
      out.raw(opset.origin());
      return;
    }
    WireWriter message = new WireWriter();
    message.stringUnlessEmpty(OPSET_DOMAIN, domain);
    message.varint(OPSET_VERSION, opset.version());
    out.message(OPSET_IMPORT, message);
  }

  /** The metadata, with what the model's own fields say. */
  static Map<String, String> description(ModelData model) {
    Map<String, String> description = new LinkedHashMap<>();
    for (RawField field : model.rest()) {
      WireReader reader = WireReader.of(field.bytes());
      reader.next();
      switch (field.number()) {
        case PRODUCER_NAME -> description.put("producer_name", reader.string());
        case PRODUCER_VERSION -> description.put("producer_version", reader.string());
        case DOMAIN -> description.put("domain", reader.string());
        case MODEL_VERSION -> description.put("model_version", Long.toString(reader.varint()));
        case DOC_STRING -> description.put("doc_string", reader.string());
        default -> {}
      }
    }
    description.values().removeIf(String::isEmpty);
    description.putAll(model.metadata());
    return description;
  }
}
