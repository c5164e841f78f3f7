package dev.hone.cuda.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The files of a machine, named by absolute paths as the machine itself would name them. They are
 * looked up under a root folder, which a test may have made.
 */
public final class HostFiles {
  private final Path root;
  private final Predicate<String> allowed;

  /** The files under this root. */
  public HostFiles(Path root) {
    this(root, path -> true);
  }

  /**
   * The files under this root, of which only some may be read. For tests, which may run as root.
   */
  public HostFiles(Path root, Predicate<String> allowed) {
    this.root = root.toAbsolutePath().normalize();
    this.allowed = allowed;
  }

  /** Where a file of the machine is for Java. */
  public Path path(String absolute) {
    return root.resolve(absolute.replaceFirst("^/+", "")).normalize();
  }

  /** Whether there is such a file or folder. Of what is in a closed folder nobody can tell. */
  public boolean exists(String absolute) {
    return Files.exists(path(absolute));
  }

  /** Whether this process may read a file, or look into a folder. */
  public boolean isReadable(String absolute) {
    Path path = path(absolute);
    return allowed.test(absolute)
        && Files.isReadable(path)
        && (!Files.isDirectory(path) || Files.isExecutable(path));
  }

  /** Whether this process may read and write a device. */
  public boolean isUsable(String absolute) {
    return isReadable(absolute) && Files.isWritable(path(absolute));
  }

  /** The text of a small file; empty if there is none, or it cannot be read. */
  public Optional<String> text(String absolute) {
    try {
      return isReadable(absolute)
          ? Optional.of(Files.readString(path(absolute), StandardCharsets.ISO_8859_1))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The names in a folder, sorted; empty if there is none, or it cannot be read. */
  public List<String> names(String folder) {
    if (!isReadable(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(path(folder))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The name that a file really has, links followed; its own where that cannot be told. */
  public String realName(String absolute) {
    try {
      Path real = path(absolute).toRealPath();
      Path realRoot = root.toRealPath();
      return real.startsWith(realRoot) ? "/" + realRoot.relativize(real) : real.toString();
    } catch (IOException e) {
      return absolute;
    }
  }

  /** The size of a file in bytes; 0 where it cannot be told. */
  public long byteSize(String absolute) {
    try {
      return Files.size(path(absolute));
    } catch (IOException e) {
      return 0;
    }
  }
}
