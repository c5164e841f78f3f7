package dev.hone.onnx.graph;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Optional;
import java.util.UUID;

/** Writes a file so that it appears whole or not at all. */
public final class AtomicFile {
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
    // Not Files.createTempFile: what that makes, nobody but its owner may read. And without the
    // name of the file, which may be as long as names can be.
    Path temporary = folder.resolve("." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      keepPermissions(target, temporary);
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
  private static boolean isOther(Path path) {
    return Files.exists(path) && !Files.isRegularFile(path);
  }

  /** What has this name that is no regular file, and what to do about it; empty if nothing has. */
  public static Optional<String> other(Path path) {
    if (Files.isDirectory(path)) {
      return Optional.of("it is a folder. Name a file in it.");
    }
    return isOther(path)
        ? Optional.of(
            "it is no regular file but a pipe, a socket or a device, and the model would take its"
                + " place. Name a file.")
        : Optional.empty();
  }

  /** Whoever might read and write a file may do so with what takes its place. */
  private static void keepPermissions(Path replaced, Path by) throws IOException {
    PosixFileAttributeView from =
        Files.getFileAttributeView(replaced, PosixFileAttributeView.class);
    PosixFileAttributeView to = Files.getFileAttributeView(by, PosixFileAttributeView.class);
    if (from != null && to != null) {
      try {
        to.setPermissions(from.readAttributes().permissions());
      } catch (NoSuchFileException e) {
        return; // nothing is replaced
      }
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
