package dev.hone;

import dev.hone.memory.Memory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;

/**
 * Reads a stream of unknown length into a direct buffer, so that a model never lies on the heap,
 * nor counts against what the JVM allows direct buffers to take, which by default is as little.
 */
final class ResourceBytes {
  private static final int FIRST_BYTES = 1 << 20;

  private ResourceBytes() {}

  static ByteBuffer read(InputStream in) throws IOException {
    ByteBuffer bytes = Memory.allocateBuffer(Math.max(FIRST_BYTES, in.available() + 1));
    ReadableByteChannel channel = Channels.newChannel(in);
    while (channel.read(bytes) >= 0) {
      if (!bytes.hasRemaining()) {
        bytes = grow(bytes);
      }
    }
    return bytes.flip();
  }

  private static ByteBuffer grow(ByteBuffer full) throws IOException {
    if (full.capacity() == Integer.MAX_VALUE) {
      throw new IOException("A resource may have at most 2 GiB. Use a file, with external data.");
    }
    long doubled = Math.min(2L * full.capacity(), Integer.MAX_VALUE);
    return Memory.allocateBuffer((int) doubled).put(full.flip());
  }
}
