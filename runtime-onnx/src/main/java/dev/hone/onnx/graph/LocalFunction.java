package dev.hone.onnx.graph;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function that a model defines. Read to be checked; written back as it was.
 *
 * @param key domain and name, with a dot between them
 * @param nodes its body
 */
record LocalFunction(String key, List<Node> nodes) {
  private static final int NAME = 1;
  private static final int NODE = 7;
  private static final int DOMAIN = 10;

  static LocalFunction parse(WireReader reader, @Nullable Path folder) {
    String name = "";
    String domain = "";
    List<Node> nodes = new ArrayList<>();
    while (reader.next()) {
      switch (reader.field()) {
        case NAME -> name = reader.string();
        case DOMAIN -> domain = reader.string();
        case NODE -> nodes.add(GraphCodec.parseNode(reader.message(), folder));
        default -> reader.raw();
      }
    }
    return new LocalFunction(key(domain, name), nodes);
  }

  static String key(String domain, String name) {
    return (domain.equals("ai.onnx") ? "" : domain) + "." + name;
  }
}
