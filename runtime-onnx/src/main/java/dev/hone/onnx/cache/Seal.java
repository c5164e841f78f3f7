package dev.hone.onnx.cache;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an entry of the cache holds, written last and read first: the names, sizes and checksums of
 * its files, and a text. Its own first line carries a checksum of the rest.
 *
 * @param files size and checksum of each file, by its name
 * @param text what was kept with the files
 */
record Seal(SortedMap<String, FileSeal> files, String text) {
  private static final String MARK = "hone-cache 1 ";

  /**
   * What a file must be.
   *
   * @param bytes its size
   * @param checksum its checksum
   */
  record FileSeal(long bytes, String checksum) {}

  /** The size of all files. */
  long byteSize() {
    return files.values().stream().mapToLong(FileSeal::bytes).sum();
  }

  String write() {
    StringBuilder rest = new StringBuilder();
    files.forEach(
        (name, file) ->
            rest.append(
                String.format(Locale.ROOT, "%d %s %s%n", file.bytes(), file.checksum(), name)));
    String body = rest.toString().replace("\r\n", "\n") + "\n" + text;
    return MARK + Checksum.of(utf8(body)) + "\n" + body;
  }

  /** Reads a seal; null if it is damaged or of another version. */
  static @Nullable Seal read(String written) {
    int end = written.indexOf('\n');
    String body = written.substring(end + 1);
    if (end < 0 || !written.substring(0, end).equals(MARK + Checksum.of(utf8(body)))) {
      return null;
    }
    int gap = body.startsWith("\n") ? 0 : body.indexOf("\n\n") + 1;
    SortedMap<String, FileSeal> files = new TreeMap<>();
    for (String line : body.substring(0, gap).lines().toList()) {
      List<String> words = List.of(line.split(" ", 3));
      files.put(words.get(2), new FileSeal(Long.parseLong(words.get(0)), words.get(1)));
    }
    return new Seal(files, body.substring(gap + 1));
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
