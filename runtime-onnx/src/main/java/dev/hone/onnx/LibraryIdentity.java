package dev.hone.onnx;

import dev.hone.Session;
import dev.hone.onnx.cache.ContentHash;
import dev.hone.onnx.ort.OrtLibrary;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells one build of this library from another, so that results of an older one are not taken for
 * those of this one: the hash of its classes and of the core's, and the runtime's version. Where
 * classes come from no file, the version in their manifest has to do, and where there is none, no
 * two processes are the same.
 */
final class LibraryIdentity {
  private static @Nullable String known;

  private LibraryIdentity() {}

  static synchronized String here() {
    String code = known;
    if (code == null) {
      code = code(LibraryIdentity.class) + " " + code(Session.class);
      known = code;
    }
    return "onnxruntime " + OrtLibrary.get().version() + ", hone " + code;
  }

  /** What tells the place that a class comes from, with all that is in it, from another build. */
  static String code(Class<?> part) {
    try {
      CodeSource source = part.getProtectionDomain().getCodeSource();
      return source == null ? version(part) : hash(Path.of(source.getLocation().toURI()));
    } catch (URISyntaxException | RuntimeException | IOException e) {
      return version(part);
    }
  }

  private static String version(Class<?> part) {
    String version = part.getPackage().getImplementationVersion();
    return version == null || version.endsWith("SNAPSHOT") ? UUID.randomUUID().toString() : version;
  }

  /** The hash of a jar, or of a folder of classes. */
  private static String hash(Path place) throws IOException {
    MessageDigest digest = ContentHash.sha256();
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted().filter(Files::isRegularFile).toList()) {
        digest.update(Files.readAllBytes(file));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
