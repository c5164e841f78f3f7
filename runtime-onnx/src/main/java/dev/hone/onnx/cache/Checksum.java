package dev.hone.onnx.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Finds damage, not attacks: CRC-32C, which processors compute at memory speed. Who may write to
 * the cache may also replace the models beside it.
 */
final class Checksum {
  private static final int WINDOW_BYTES = 1 << 18;

  private Checksum() {}

  static String of(ByteBuffer bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.duplicate());
    return text(checksum);
  }

  static String of(Path file) throws IOException {
    CRC32C checksum = new CRC32C();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES);
      while (channel.read(window) >= 0) {
        checksum.update(window.flip());
        window.clear();
      }
    }
    return text(checksum);
  }

  private static String text(CRC32C checksum) {
    return String.format(Locale.ROOT, "%08x", checksum.getValue());
  }
}
