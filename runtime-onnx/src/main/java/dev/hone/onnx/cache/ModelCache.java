package dev.hone.onnx.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A folder of finished models.
 *
 * <p>Each entry is a model file {@code KEY.onnx} and a seal {@code KEY.seal} that holds the file's
 * length and checksum, written last. An entry whose seal is missing or does not fit is thrown away and
 * made again, so a half-written or damaged file is never opened. Processes that want the same entry at
 * once wait for the one that makes it, by a lock on {@code KEY.lock}. When the folder holds more than
 * its limit, the entries that were used least recently go.
 *
 * <p>Thread-safe, and safe between processes on one machine.
 */
public final class ModelCache {
  private static final ConcurrentHashMap<Path, ReentrantLock> IN_THIS_PROCESS =
      new ConcurrentHashMap<>(); // a file lock does not exclude the threads of its own process

  private final Path folder;
  private final long maxBytes;

  /**
   * A cache.
   *
   * @param folder made when first written to
   * @param maxBytes the most bytes that entries may take together
   */
  public ModelCache(Path folder, long maxBytes) {
    if (maxBytes <= 0) {
      throw new IllegalArgumentException(
          "A cache must hold at least 1 byte, but its limit is " + maxBytes + ".");
    }
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /** The file of an entry, if it is there and whole. */
  public Optional<Path> find(String key) {
    Path file = file(key);
    try {
      if (!Files.exists(file) || !Seal.read(seal(key)).fits(file)) {
        return Optional.empty();
      }
      touch(file);
      return Optional.of(file);
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // an entry that cannot be read is as good as none
    }
  }

  /**
   * The file of an entry, made if it is not there or not whole.
   *
   * @param key letters and digits that say all that the entry depends on
   * @param make writes the model to the path that it is given; what it throws is passed on, and leaves
   *     no entry
   * @throws IOException if the folder cannot be written
   */
  public Path findOrMake(String key, Consumer<Path> make) throws IOException {
    Optional<Path> found = find(key);
    if (found.isPresent()) {
      return found.get();
    }
    Files.createDirectories(folder);
    Path lockFile = folder.resolve(key + ".lock").toAbsolutePath();
    ReentrantLock lock = IN_THIS_PROCESS.computeIfAbsent(lockFile, path -> new ReentrantLock());
    lock.lock();
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      assert held.isValid();
      Optional<Path> madeMeanwhile = find(key);
      return madeMeanwhile.isPresent() ? madeMeanwhile.get() : make(key, make);
    } finally {
      lock.unlock();
    }
  }

  private Path make(String key, Consumer<Path> make) throws IOException {
    Path file = file(key);
    Files.deleteIfExists(seal(key));
    try {
      make.accept(file);
      Seal.of(file).write(seal(key));
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(file);
      throw e;
    }
    removeLeastRecentlyUsed(file);
    return file;
  }

  private void removeLeastRecentlyUsed(Path newest) throws IOException {
    record Entry(Path file, FileTime used, long bytes) {}
    List<Entry> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".onnx")).toList()) {
        entries.add(new Entry(file, Files.getLastModifiedTime(file), Files.size(file)));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    entries.sort(Comparator.comparing(Entry::used));
    long total = entries.stream().mapToLong(Entry::bytes).sum();
    for (Entry entry : entries) {
      if (total > maxBytes && !entry.file().equals(newest)) {
        Files.deleteIfExists(Path.of(entry.file().toString().replaceAll("onnx$", "seal")));
        Files.deleteIfExists(entry.file());
        total -= entry.bytes();
      }
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // A folder that can only be read still serves what it holds; it just does not age.
    }
  }

  private Path file(String key) {
    return folder.resolve(key + ".onnx");
  }

  private Path seal(String key) {
    return folder.resolve(key + ".seal");
  }
}
