package dev.hone.onnx.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads one JSON text, by recursive descent of limited depth. */
final class JsonReader {
  private static final int MOST_DEPTH = 64;
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?");

  private final String text;
  private int position;
  private int depth;

  JsonReader(String text) {
    this.text = text;
  }

  @Nullable Object document() {
    Object value = value();
    skipBlanks();
    if (position != text.length()) {
      throw malformed("nothing more");
    }
    return value;
  }

  private @Nullable Object value() {
    skipBlanks();
    if (++depth > MOST_DEPTH) {
      throw malformed("at most " + MOST_DEPTH + " brackets inside each other");
    }
    Object value =
        switch (peek()) {
          case '{' -> object();
          case '[' -> array();
          case '"' -> string();
          case 't' -> word("true", true);
          case 'f' -> word("false", false);
          case 'n' -> word("null", null);
          default -> number();
        };
    depth--;
    return value;
  }

  private Map<String, @Nullable Object> object() {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    position++;
    skipBlanks();
    if (take('}')) {
      return object;
    }
    do {
      skipBlanks();
      String key = string();
      skipBlanks();
      require(':');
      object.put(key, value());
      skipBlanks();
    } while (take(','));
    require('}');
    return object;
  }

  private List<@Nullable Object> array() {
    List<@Nullable Object> array = new ArrayList<>();
    position++;
    skipBlanks();
    if (take(']')) {
      return array;
    }
    do {
      array.add(value());
      skipBlanks();
    } while (take(','));
    require(']');
    return array;
  }

  private String string() {
    require('"');
    StringBuilder string = new StringBuilder();
    while (peek() != '"') {
      char c = text.charAt(position++);
      string.append(c == '\\' ? escaped() : c);
    }
    position++;
    return string.toString();
  }

  private char escaped() {
    char c = peek();
    position++;
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> unicode();
      case '"', '\\', '/' -> c;
      default -> throw malformed("an escape");
    };
  }

  private char unicode() {
    int end = position + 4;
    try {
      char c = (char) Integer.parseInt(text, position, Math.min(end, text.length()), 16);
      position = end;
      return c;
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw malformed("four hexadecimal digits");
    }
  }

  private Double number() {
    Matcher number = NUMBER.matcher(text).region(position, text.length());
    if (!number.lookingAt()) {
      throw malformed("a value");
    }
    position = number.end();
    return Double.valueOf(number.group());
  }

  private @Nullable Object word(String word, @Nullable Object value) {
    if (!text.startsWith(word, position)) {
      throw malformed("a value");
    }
    position += word.length();
    return value;
  }

  private char peek() {
    if (position >= text.length()) {
      throw malformed("more");
    }
    return text.charAt(position);
  }

  private boolean take(char wanted) {
    if (position < text.length() && text.charAt(position) == wanted) {
      position++;
      return true;
    }
    return false;
  }

  private void require(char wanted) {
    if (!take(wanted)) {
      throw malformed("'" + wanted + "'");
    }
  }

  private void skipBlanks() {
    while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
  }

  private IllegalArgumentException malformed(String wanted) {
    return new IllegalArgumentException(
        "The text is no JSON: at character " + position + " there must be " + wanted + ".");
  }
}
