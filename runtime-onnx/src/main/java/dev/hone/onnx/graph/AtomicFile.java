package dev.hone.onnx.graph;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/** Writes a file so that it appears whole or not at all. */
final class AtomicFile {
  private AtomicFile() {}

  /** What is written. */
  interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes beside {@code path}, forces the bytes to disk, and then renames.
   *
   * @throws IOException if that fails, or, before anything is written, as {@link #requireNoOther}
   */
  static void write(Path path, Content content) throws IOException {
    requireNoOther(path);
    Path target = path.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null) {
      throw new IOException("'" + path + "' names no file");
    }
    // Not createTempFile: only its owner could read what it makes, and models are for others, too.
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
    Path temporary = folder.resolve("." + target.getFileName() + "." + random + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      move(temporary, target);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Renaming would replace whatever has the name: a pipe, a socket, a device, and the link that
   * leads to one of them or to a folder.
   *
   * @throws IOException if something has this name that is no regular file
   */
  static void requireNoOther(Path path) throws IOException {
    if (isOther(path)) {
      throw new IOException("'" + path + "' is no regular file");
    }
  }

  /** Whether something has this name that is no regular file. */
  static boolean isOther(Path path) {
    return Files.exists(path) && !Files.isRegularFile(path);
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
