package dev.hone.shadow;

import dev.hone.HoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes a file so that it appears whole or not at all. */
final class WholeFile {
  private WholeFile() {}

  /**
   * Writes beside {@code file}, forces the bytes to the disk, and then renames.
   *
   * @param what what is written, for messages
   * @throws HoneException if it cannot be written, or is there and no regular file
   */
  static void write(Path file, String what, byte[] content) {
    String cannot = "The " + what + " cannot be written to '" + file.toAbsolutePath() + "': ";
    try {
      // Where a link leads: renaming would replace the link.
      Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
      String obstacle = obstacle(target);
      if (obstacle != null) {
        throw new HoneException(cannot + obstacle);
      }
      replace(target, content);
    } catch (IOException e) {
      throw new HoneException(
          cannot + e + ". Check that this process may write there, and that the disk has room.", e);
    }
  }

  /** What is in the way of a file of this name; null if nothing is. */
  private static @Nullable String obstacle(Path target) {
    Path folder = target.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      return "there is no folder '" + folder + "'. Make it first, with Files.createDirectories.";
    }
    if (Files.isDirectory(target)) {
      return "it is a folder. Name a file in it.";
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      return "it is no regular file but a pipe, a socket or a device. Name a file.";
    }
    return null;
  }

  private static void replace(Path target, byte[] content) throws IOException {
    // Without the name of the file, which may be as long as names can be.
    Path temporary = target.resolveSibling("." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer left = ByteBuffer.wrap(content);
        while (left.hasRemaining()) {
          channel.write(left);
        }
        channel.force(true);
      }
      keepPermissions(target, temporary);
      move(temporary, target);
    } finally {
      Files.deleteIfExists(temporary);
    }
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
