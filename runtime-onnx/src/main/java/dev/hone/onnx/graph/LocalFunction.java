package dev.hone.onnx.graph;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function that a model defines. Read to be checked; written back as it was.
 *
 * @param key domain, name and, where it has one, overload, with dots and a colon between them
 * @param nodes its body
 */
record LocalFunction(String key, List<Node> nodes) {
  private static final int NAME = 1;
  private static final int NODE = 7;
  private static final int DOMAIN = 10;
  private static final int OVERLOAD = 13;
  private static final int NODE_OVERLOAD = 8;

  static LocalFunction parse(WireReader reader, @Nullable Path folder) {
    String name = "";
    String domain = "";
    String overload = "";
    List<Node> nodes = new ArrayList<>();
    while (reader.next()) {
      switch (reader.field()) {
        case NAME -> name = reader.string();
        case DOMAIN -> domain = reader.string();
        case OVERLOAD -> overload = reader.string();
        case NODE -> nodes.add(GraphCodec.parseNode(reader.message(), folder));
        default -> reader.raw();
      }
    }
    return new LocalFunction(key(domain, name, overload), nodes);
  }

  /** The key of the function that a node calls, if there is one. */
  static String keyOf(Node node) {
    String overload = "";
    for (RawField field : node.rest()) {
      if (field.number() == NODE_OVERLOAD) {
        WireReader reader = WireReader.of(field.bytes());
        reader.next();
        overload = reader.string();
      }
    }
    return key(node.domain(), node.op(), overload);
  }

  private static String key(String domain, String name, String overload) {
    return (domain.equals("ai.onnx") ? "" : domain)
        + "."
        + name
        + (overload.isEmpty() ? "" : ":" + overload);
  }
}
