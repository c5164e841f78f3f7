package dev.hone.onnx;

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

/**
 * Tells one build of this library from another, so that results of an older one are not taken for
 * those of this one: the hash of its classes, and the runtime's version. Where classes come from no
 * file, the version in their manifest has to do, and where there is none, no two processes are the
 * same.
 */
final class LibraryIdentity {
  private static final String CODE = code();

  private LibraryIdentity() {}

  static String here() {
    return "onnxruntime " + OrtLibrary.get().version() + ", hone " + CODE;
  }

  private static String code() {
    CodeSource source = LibraryIdentity.class.getProtectionDomain().getCodeSource();
    try {
      return source == null ? version() : hash(Path.of(source.getLocation().toURI()));
    } catch (URISyntaxException | RuntimeException | IOException e) {
      return version();
    }
  }

  private static String version() {
    String version = LibraryIdentity.class.getPackage().getImplementationVersion();
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
