package dev.hone.onnx.json;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads JSON (RFC 8259). Objects are maps, arrays lists, numbers {@link Double}s when
 * read, and null stands for a number that is none.
 */
public final class Json {
  private Json() {}

  /**
   * Writes a value, with line breaks for people.
   *
   * @param value a map with texts for keys, a list, a text, number, truth value or null
   */
  public static String write(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    write(out, value, "\n");
    return out.append('\n').toString();
  }

  /**
   * Reads a value. Of a key that comes twice the last one counts, and texts may hold control
   * characters as they are.
   *
   * @throws IllegalArgumentException if the text is no JSON
   */
  public static @Nullable Object read(String text) {
    return new JsonReader(text).document();
  }

  private static void write(StringBuilder out, @Nullable Object value, String lineBreak) {
    if (value instanceof Map<?, ?> map) {
      Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
      writeAll(
          out,
          "{}",
          lineBreak,
          entries,
          (entry, inner) -> {
            string(out, String.valueOf(entry.getKey()));
            write(out.append(": "), entry.getValue(), inner);
          });
    } else if (value instanceof List<?> list) {
      writeAll(out, "[]", lineBreak, list.iterator(), (item, inner) -> write(out, item, inner));
    } else if (value instanceof Number number) {
      boolean real = Double.isFinite(number.doubleValue());
      out.append(real ? number.toString() : "null");
    } else if (value == null || value instanceof Boolean) {
      out.append(value);
    } else {
      string(out, value.toString());
    }
  }

  /** Writes one item, whose own lines begin with the line break given. */
  private interface ItemWriter<T> {
    void write(T item, String lineBreak);
  }

  private static <T> void writeAll(
      StringBuilder out,
      String brackets,
      String lineBreak,
      Iterator<? extends T> items,
      ItemWriter<T> writer) {
    if (!items.hasNext()) {
      out.append(brackets);
      return;
    }
    out.append(brackets.charAt(0));
    String inner = lineBreak + "  ";
    while (items.hasNext()) {
      out.append(inner);
      writer.write(items.next(), inner);
      out.append(items.hasNext() ? "," : "");
    }
    out.append(lineBreak).append(brackets.charAt(1));
  }

  private static void string(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        case '\r' -> out.append("\\r");
        default -> {
          if (c < ' ' || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
