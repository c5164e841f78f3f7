package dev.hone.cuda.kernels;

import dev.hone.HoneException;
import dev.hone.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Compiled kernels on disk. The key of an entry is the hash of the source, the architecture and the
 * compiler with its version; the entry begins with the hash of what follows, so that a damaged one
 * is made anew. Entries are written under another name and renamed when whole: several processes
 * may share a folder. Thread-safe.
 */
public final class CubinCache {
  private static final int HASH_BYTES = 32;

  private final Path folder;

  /** A cache in this folder, which is made when first needed. */
  public CubinCache(Path folder) {
    this.folder = folder;
  }

  /**
   * The cubin of a source for an architecture, compiled if it is not there.
   *
   * @throws HoneException if it cannot be compiled
   */
  public byte[] get(KernelSource source, int architecture, KernelCompiler compiler) {
    Path entry = folder.resolve(key(source.text(), architecture, compiler.version()) + ".cubin");
    byte[] known = read(entry);
    if (known != null) {
      return known;
    }
    byte[] made = compiler.compile(source, architecture);
    write(entry, made);
    return made;
  }

  /** The name of an entry. */
  static String key(String text, int architecture, String compiler) {
    MessageDigest digest = sha256();
    // Lengths, so that no two keys are the same bytes.
    for (String part : new String[] {text, Integer.toString(architecture), compiler}) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java has SHA-256.", e);
    }
  }

  private static byte @Nullable [] read(Path entry) {
    byte[] all;
    try {
      all = Files.readAllBytes(entry);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      return null; // unreadable is as good as not there: it is compiled, and perhaps replaced
    }
    if (all.length <= HASH_BYTES) {
      return null;
    }
    byte[] content = Arrays.copyOfRange(all, HASH_BYTES, all.length);
    byte[] hash = Arrays.copyOf(all, HASH_BYTES);
    return MessageDigest.isEqual(hash, sha256().digest(content)) ? content : null;
  }

  /** What cannot be kept is compiled again next time. */
  private void write(Path entry, byte[] content) {
    byte[] all = Arrays.copyOf(sha256().digest(content), HASH_BYTES + content.length);
    System.arraycopy(content, 0, all, HASH_BYTES, content.length);
    try {
      Files.createDirectories(folder);
      WholeFile.write(entry, "compiled kernel", all);
    } catch (IOException | HoneException e) {
      System.getLogger("dev.hone.cuda")
          .log(
              System.Logger.Level.WARNING,
              "A compiled kernel cannot be kept in " + folder + " and is compiled each time.",
              e);
    }
  }
}
