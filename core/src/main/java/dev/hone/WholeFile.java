package dev.hone;

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
import java.util.Optional;
import java.util.UUID;

/**
 * Writes a file so that it appears whole or not at all. Whoever might read and write the file that
 * it replaces may do so with the new one, and a link to a file stays. For runtimes, so that all
 * that is saved is saved alike.
 */
public final class WholeFile {
  private WholeFile() {}

  /** What is written. */
  public interface Content {
    /**
     * Writes all of it, from the start of an empty file.
     *
     * @throws IOException if that fails; what was there before then stays
     */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes beside {@code file}, forces the bytes to the disk, and then renames.
   *
   * @param what what is written, for messages
   * @throws HoneException if it cannot be written, or is there and no regular file
   */
  public static void write(Path file, String what, Content content) {
    requireNoObstacle(file, what); // before anything is written
    try {
      replace(target(file), content);
    } catch (IOException e) {
      throw new HoneException(
          cannot(file, what)
              + e
              + ". What was there before is untouched. Check that this process may write there, and"
              + " that the disk has room.",
          e);
    }
  }

  /** Writes these bytes, as {@link #write(Path, String, Content)} does. */
  public static void write(Path file, String what, byte[] bytes) {
    write(
        file,
        what,
        channel -> {
          ByteBuffer left = ByteBuffer.wrap(bytes);
          while (left.hasRemaining()) {
            channel.write(left);
          }
        });
  }

  /**
   * Refuses a place where no file can be written, as writing does.
   *
   * @throws HoneException if there is no such folder, or something there that is no regular file
   */
  public static void requireNoObstacle(Path file, String what) {
    obstacle(file)
        .ifPresent(
            obstacle -> {
              throw new HoneException(cannot(file, what) + obstacle);
            });
  }

  private static String cannot(Path file, String what) {
    return "The " + what + " cannot be written to '" + file.toAbsolutePath() + "': ";
  }

  /** Where a link leads: renaming would replace the link. */
  private static Path target(Path file) throws IOException {
    return Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
  }

  /**
   * What is in the way of a file of this name, and what to do about it; empty if nothing is.
   * Renaming would replace whatever has the name, a pipe or a device as well.
   */
  public static Optional<String> obstacle(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      return Optional.of(
          "there is no folder '" + folder + "'. Make it first, with Files.createDirectories.");
    }
    if (Files.isDirectory(file)) {
      return Optional.of("it is a folder. Name a file in it.");
    }
    return Files.exists(file) && !Files.isRegularFile(file)
        ? Optional.of("it is no regular file but a pipe, a socket or a device. Name a file.")
        : Optional.empty();
  }

  private static void replace(Path target, Content content) throws IOException {
    // Not Files.createTempFile: what that makes, nobody but its owner may read. And without the
    // name of the file, which may be as long as names can be.
    Path temporary = target.resolveSibling("." + UUID.randomUUID() + ".tmp");
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
