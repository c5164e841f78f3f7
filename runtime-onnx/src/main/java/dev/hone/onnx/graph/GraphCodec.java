package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code GraphProto} and {@code NodeProto}. */
final class GraphCodec {
  private static final int NODE = 1;
  private static final int NAME = 2;
  private static final int INITIALIZER = 5;
  private static final int INPUT = 11;
  private static final int OUTPUT = 12;
  private static final int VALUE_INFO = 13;

  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_NAME = 3;
  private static final int NODE_OP = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int NODE_DOMAIN = 7;

  private GraphCodec() {}

  /** Reads a graph; {@code folder} is where external data lies, or null. */
  static Graph parse(WireReader reader, @Nullable Path folder) {
    ByteBuffer origin = WireReader.whole(reader);
    List<Node> nodes = new ArrayList<>();
    List<RawField> rest = new ArrayList<>();
    List<ValueInfo> inputs = new ArrayList<>();
    List<ValueInfo> outputs = new ArrayList<>();
    List<ValueInfo> infos = new ArrayList<>();
    List<TensorData> weights = new ArrayList<>();
    String name = "";
    while (reader.next()) {
      switch (reader.field()) {
        case NODE -> nodes.add(parseNode(reader.message(), folder));
        case NAME -> name = reader.string();
        case INITIALIZER -> weights.add(TensorParser.parse(reader.message(), folder));
        case INPUT -> inputs.add(ValueInfo.parse(reader.message()));
        case OUTPUT -> outputs.add(ValueInfo.parse(reader.message()));
        case VALUE_INFO -> infos.add(ValueInfo.parse(reader.message()));
        default -> rest.add(reader.raw());
      }
    }
    requireUniqueNames(weights);
    Graph graph = new Graph(name, rest);
    graph.add(nodes.toArray(Node[]::new));
    weights.forEach(graph::putInitializer);
    inputs.forEach(graph::addInput);
    outputs.forEach(graph::addOutput);
    infos.forEach(graph::putValueInfo);
    graph.setOrigin(origin);
    return graph;
  }

  private static void requireUniqueNames(List<TensorData> weights) {
    Set<String> names = new HashSet<>();
    for (TensorData weight : weights) {
      if (!names.add(weight.name())) {
        throw new MalformedException("two initializers are called '" + weight.name() + "'");
      }
    }
  }

  /** Reads a node; {@code folder} is where external data lies, or null. */
  static Node parseNode(WireReader reader, @Nullable Path folder) {
    ByteBuffer origin = WireReader.whole(reader);
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<Attribute> attributes = new ArrayList<>();
    List<RawField> rest = new ArrayList<>();
    String name = "";
    String op = "";
    String domain = "";
    while (reader.next()) {
      switch (reader.field()) {
        case NODE_INPUT -> inputs.add(reader.string());
        case NODE_OUTPUT -> outputs.add(reader.string());
        case NODE_NAME -> name = reader.string();
        case NODE_OP -> op = reader.string();
        case NODE_ATTRIBUTE -> attributes.add(AttributeCodec.parse(reader.message(), folder));
        case NODE_DOMAIN -> domain = reader.string();
        default -> rest.add(reader.raw());
      }
    }
    Node node = new Node(domain, op, name, inputs, outputs, rest);
    for (Attribute attribute : attributes) {
      if (node.attribute(attribute.name()) != null) {
        throw new MalformedException(
            node.label() + " has two attributes '" + attribute.name() + "'");
      }
      node.put(attribute);
    }
    node.setOrigin(origin);
    return node;
  }

  /** A graph as a message. */
  static WireWriter encode(Graph graph) {
    WireWriter out = new WireWriter();
    graph.nodes().forEach(node -> encode(node, out));
    out.stringUnlessEmpty(NAME, graph.name());
    graph.initializers().forEach(weight -> weight.encode(out, INITIALIZER));
    graph.inputs().forEach(input -> input.encode(out, INPUT));
    graph.outputs().forEach(output -> output.encode(out, OUTPUT));
    graph.valueInfos().forEach(info -> info.encode(out, VALUE_INFO));
    graph.rest().forEach(out::raw);
    return out;
  }

  private static void encode(Node node, WireWriter out) {
    ByteBuffer untouched = node.untouched();
    if (untouched != null) {
      out.bytes(NODE, untouched);
      return;
    }
    WireWriter message = new WireWriter();
    node.inputs().forEach(input -> message.string(NODE_INPUT, input));
    node.outputs().forEach(output -> message.string(NODE_OUTPUT, output));
    message.stringUnlessEmpty(NODE_NAME, node.name());
    message.string(NODE_OP, node.op());
    node.attributes().forEach(a -> AttributeCodec.encode(a, message, NODE_ATTRIBUTE));
    message.stringUnlessEmpty(NODE_DOMAIN, node.domain());
    node.rest().forEach(message::raw);
    out.message(NODE, message);
  }
}
