package dev.hone.onnx.cache;

import dev.hone.HoneException;
import dev.hone.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * SHA-256 of contents: of bytes and of files.
 *
 * <p>The hash of a file is remembered, so that a large model is not read through at each opening.
 * What is remembered is believed only while the file's size, its place on the disk (inode and
 * device) and the times of its last change and last change of status, to the nanosecond, are the
 * same; the system keeps the last one, and programs cannot set it. A file that changed within the
 * last seconds before it was read could change again without a difference in these times, so its
 * hash is not remembered at all. Where the system does not tell these things, each file is read.
 */
public final class ContentHash {
  private static final int WINDOW_BYTES = 1 << 22;
  private static final Duration SETTLED = Duration.ofSeconds(3);
  private static final String FACTS = "unix:size,ino,dev,lastModifiedTime,ctime";

  private final Path folder;

  /** Hashes of files, remembered in a folder that is made when needed. */
  public ContentHash(Path cacheFolder) {
    this.folder = cacheFolder.toAbsolutePath().resolve("hashes");
  }

  /** An empty SHA-256. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256.", e);
    }
  }

  /** The hash of bytes, as hexadecimal text. */
  public static String of(ByteBuffer bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes.duplicate());
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The hash of a text. */
  public static String of(String text) {
    return of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The hash of a file.
   *
   * @throws IOException if it cannot be read
   */
  public String of(Path file) throws IOException {
    Path real = file.toRealPath();
    Path memo = folder.resolve(of(real.toString()));
    String facts = facts(real);
    String remembered = facts == null ? null : recall(memo, facts);
    if (remembered != null) {
      return remembered;
    }
    Instant before = Instant.now();
    String hash = read(real);
    if (facts != null && facts.equals(facts(real)) && isSettled(real, before)) {
      remember(memo, facts, hash);
    }
    return hash;
  }

  private static String read(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
      while (channel.read(window) >= 0) {
        digest.update(window.flip());
        window.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static @Nullable String facts(Path file) throws IOException {
    if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return null;
    }
    StringBuilder facts = new StringBuilder();
    Files.readAttributes(file, FACTS).entrySet().stream()
        .map(fact -> fact.getKey() + "=" + fact.getValue() + " ")
        .sorted()
        .forEach(facts::append);
    return facts.toString();
  }

  private static boolean isSettled(Path file, Instant before) throws IOException {
    Object changed = Files.getAttribute(file, "unix:ctime");
    return changed instanceof FileTime time && time.toInstant().plus(SETTLED).isBefore(before);
  }

  private static @Nullable String recall(Path memo, String facts) {
    try {
      Seal seal = Files.exists(memo) ? Seal.read(Files.readString(memo)) : null;
      return seal != null && seal.text().startsWith(facts)
          ? seal.text().substring(facts.length())
          : null;
    } catch (IOException e) {
      return null;
    }
  }

  private void remember(Path memo, String facts, String hash) {
    try {
      Files.createDirectories(folder);
      String seal = new Seal(new TreeMap<>(), facts + hash).write();
      WholeFile.write(memo, "hash of a file", seal.getBytes(StandardCharsets.UTF_8));
    } catch (IOException | HoneException e) {
      // Then the file is read again next time.
    }
  }
}
