package dev.hone.onnx.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32C;

/**
 * The length and checksum of a file: finds truncation and decay, not malice.
 *
 * @param byteSize the length
 * @param crc CRC-32C of all bytes, which processors compute at gigabytes per second
 */
record Seal(long byteSize, long crc) {
  private static final long WINDOW_BYTES = 256L << 20;

  static Seal of(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      for (long at = 0; at < size; at += WINDOW_BYTES) {
        ByteBuffer window = channel.map(MapMode.READ_ONLY, at, Math.min(WINDOW_BYTES, size - at));
        crc.update(window);
      }
      return new Seal(size, crc.getValue());
    }
  }

  boolean fits(Path file) throws IOException {
    return Files.size(file) == byteSize && of(file).equals(this);
  }

  static Seal read(Path path) throws IOException {
    String[] parts = Files.readString(path).trim().split(" ");
    if (parts.length != 2) {
      throw new IOException("Not a seal: " + path);
    }
    return new Seal(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
  }

  /** Appears whole or not at all. */
  void write(Path path) throws IOException {
    Path unfinished = Files.createTempFile(path.getParent(), "seal", ".tmp");
    Files.writeString(unfinished, byteSize + " " + crc + "\n");
    Files.move(unfinished, path, StandardCopyOption.REPLACE_EXISTING);
  }
}
