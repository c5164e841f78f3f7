package dev.hone.onnx.cache;

import dev.hone.ModelSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 of models.
 *
 * <p>Hashing a large file takes longer than opening it, so the hash of a file is noted in the cache's
 * folder beside the file's identity: path, length, time of change and file key. The note is used as
 * long as all four stay. A file that changed within the last seconds is not noted, because it could
 * change again without its time showing it.
 */
public final class Fingerprints {
  private static final long WINDOW_BYTES = 256L << 20;
  private static final Duration SETTLED = Duration.ofSeconds(3);

  private final Path folder;

  /** Fingerprints whose notes lie in this folder. */
  public Fingerprints(Path folder) {
    this.folder = folder;
  }

  /**
   * SHA-256 of all that a model consists of, as 64 hexadecimal digits.
   *
   * @param source the model
   * @param externalData files that belong to it
   * @throws IOException if a file cannot be read
   */
  public String of(ModelSource source, List<Path> externalData) throws IOException {
    MessageDigest whole = sha256();
    if (source instanceof ModelSource.OfFile file) {
      update(whole, ofFile(file.path()));
    } else {
      whole.update(((ModelSource.OfBytes) source).bytes().duplicate());
    }
    for (Path path : externalData) {
      update(whole, ofFile(path));
    }
    return hex(whole);
  }

  /** SHA-256 of some texts, in order, as 64 hexadecimal digits. */
  public static String of(String... texts) {
    MessageDigest digest = sha256();
    for (String text : texts) {
      update(digest, text.length() + ":" + text); // so that no two lists of texts run together alike
    }
    return hex(digest);
  }

  private String ofFile(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    String identity =
        of(
            file.toRealPath().toString(),
            Long.toString(attributes.size()),
            attributes.lastModifiedTime().toInstant().toString(),
            String.valueOf(attributes.fileKey()));
    Path note = folder.resolve(identity + ".sha256");
    if (Files.exists(note)) {
      String noted = Files.readString(note).trim();
      if (noted.length() == 64) {
        return noted;
      }
    }
    String hash = hash(file);
    Instant settled = attributes.lastModifiedTime().toInstant().plus(SETTLED);
    if (settled.isBefore(Instant.now())) {
      write(note, hash);
    }
    return hash;
  }

  private static String hash(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      for (long at = 0; at < size; at += WINDOW_BYTES) {
        ByteBuffer window = channel.map(MapMode.READ_ONLY, at, Math.min(WINDOW_BYTES, size - at));
        digest.update(window);
      }
    }
    return hex(digest);
  }

  private void write(Path note, String hash) {
    try {
      Files.createDirectories(folder);
      Files.writeString(note, hash);
    } catch (IOException e) {
      // Without a note the next opening hashes again: slower, and as right.
    }
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }
}
