package dev.hone.onnx.graph;

import java.util.Map;

/** {@code StringStringEntryProto}: a key and a value. */
final class StringPairs {
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private StringPairs() {}

  static Map.Entry<String, String> parse(WireReader reader) {
    String key = "";
    String value = "";
    while (reader.next()) {
      switch (reader.field()) {
        case KEY -> key = reader.string();
        case VALUE -> value = reader.string();
        default -> reader.raw();
      }
    }
    return Map.entry(key, value);
  }

  static WireWriter encode(String key, String value) {
    WireWriter pair = new WireWriter();
    pair.string(KEY, key);
    pair.string(VALUE, value);
    return pair;
  }
}
