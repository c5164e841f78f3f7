package dev.hone.onnx.ort;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.CharPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/** Names as C strings, made once when a session opens. */
final class Names implements AutoCloseable {
  private final BytePointer[] strings;

  Names(List<String> names) {
    strings = names.stream().map(Names::cString).toArray(BytePointer[]::new);
  }

  int size() {
    return strings.length;
  }

  BytePointer get(int index) {
    return strings[index];
  }

  static BytePointer cString(String text) {
    return new BytePointer(text, StandardCharsets.UTF_8);
  }

  /** A path in the characters that this system's file functions take. */
  static Pointer path(Path path) {
    return Loader.getPlatform().startsWith("windows")
        ? new CharPointer(path + "\0")
        : cString(path.toString());
  }

  @Override
  public void close() {
    for (BytePointer string : strings) {
      string.close();
    }
  }
}
