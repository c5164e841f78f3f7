package dev.hone.onnx.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of results, each under a key that tells what it was made from.
 *
 * <p>An entry is a folder of files with a {@link Seal}. It is made under another name and renamed
 * when it is whole, so that no process ever meets half of one. What is read is verified: an entry
 * with a wrong size or checksum is deleted and made anew. Several processes may share the folder;
 * {@link #lock} keeps two of them from doing the same work. When the folder outgrows its bound,
 * what was not used for longest goes.
 */
public final class DiskCache {
  private static final String SEAL = "seal.txt";
  private static final String HALF = ".half-";
  private static final Duration ABANDONED = Duration.ofDays(1);
  private static final int LOCKS = 64;
  private static final List<ReentrantLock> THREADS =
      IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();

  private final Path folder;
  private final long mostBytes;

  /**
   * A cache in this folder, which is made when something is kept.
   *
   * @param mostBytes how large it may grow
   */
  public DiskCache(Path folder, long mostBytes) {
    this.folder = folder.toAbsolutePath();
    this.mostBytes = mostBytes;
  }

  /**
   * An entry, verified.
   *
   * @param folder where its files are
   * @param text what was kept with them
   */
  public record Entry(Path folder, String text) {}

  /** Writes the files of a new entry. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes files into this folder.
     *
     * @return a text to keep with them
     */
    String writeTo(Path folder) throws IOException;
  }

  /**
   * The entry of this key, if it is there and whole. Counts as a use of it.
   *
   * @throws IOException if the folder cannot be read
   */
  public Optional<Entry> find(String key) throws IOException {
    Path entry = folder.resolve(key);
    String written;
    try {
      written = Files.readString(entry.resolve(SEAL));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (CharacterCodingException e) {
      delete(entry);
      return Optional.empty();
    } catch (IOException e) {
      if (Files.isRegularFile(entry.resolve(SEAL)) || !Files.isDirectory(folder)) {
        throw e;
      }
      delete(entry); // a file in place of the entry, or a folder in place of its seal
      return Optional.empty();
    }
    Seal seal = Seal.read(written);
    if (seal == null || !isWhole(entry, seal)) {
      delete(entry);
      return Optional.empty();
    }
    try {
      Files.setLastModifiedTime(entry.resolve(SEAL), FileTime.from(Instant.now()));
    } catch (IOException e) {
      // Somebody else's cache, which this process may only read: then that one keeps its order.
    }
    return Optional.of(new Entry(entry, seal.text()));
  }

  private static boolean isWhole(Path entry, Seal seal) throws IOException {
    for (Map.Entry<String, Seal.FileSeal> file : seal.files().entrySet()) {
      Path path = entry.resolve(file.getKey());
      if (!Files.isRegularFile(path)
          || Files.size(path) != file.getValue().bytes()
          || !Checksum.of(path).equals(file.getValue().checksum())) {
        return false;
      }
    }
    return true;
  }

  /**
   * Keeps an entry under a key, in place of what may be there. On failure nothing is left behind.
   *
   * @return empty if the entry alone is larger than the cache may be
   * @throws IOException if it cannot be written
   */
  public Optional<Entry> store(String key, Content content) throws IOException {
    Files.createDirectories(folder);
    // Not createTempDirectory: only its owner could read it, but a cache may come with an image.
    String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
    Path half = Files.createDirectory(folder.resolve(HALF + random));
    try {
      String text = content.writeTo(half);
      Seal seal = new Seal(seals(half), text);
      if (seal.byteSize() > mostBytes) {
        return Optional.empty();
      }
      Path sealFile = half.resolve(SEAL);
      Files.writeString(sealFile, seal.write());
      force(sealFile);
      Path entry = folder.resolve(key);
      moveOver(half, entry);
      evict(entry);
    } finally {
      delete(half);
    }
    return find(key);
  }

  private static SortedMap<String, Seal.FileSeal> seals(Path half) throws IOException {
    SortedMap<String, Seal.FileSeal> seals = new TreeMap<>();
    try (Stream<Path> files = Files.list(half)) {
      for (Path file : files.sorted().toList()) {
        String name = String.valueOf(file.getFileName());
        seals.put(name, new Seal.FileSeal(Files.size(file), Checksum.of(file)));
      }
    }
    return seals;
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void moveOver(Path half, Path entry) throws IOException {
    delete(entry);
    try {
      Files.move(half, entry, StandardCopyOption.ATOMIC_MOVE);
    } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
      // Another process was faster; what it made of the same key is as good.
    }
  }

  /** Deletes what was not used for longest until the rest fits, and what others left half made. */
  private void evict(Path newest) throws IOException {
    record Kept(Path path, FileTime used, long byteSize) {}
    List<Kept> entries = new ArrayList<>();
    Instant abandoned = Instant.now().minus(ABANDONED);
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.toList()) {
        if (String.valueOf(path.getFileName()).startsWith(HALF)) {
          if (Files.getLastModifiedTime(path).toInstant().isBefore(abandoned)) {
            delete(path);
          }
        } else if (Files.exists(path.resolve(SEAL))) {
          entries.add(
              new Kept(path, Files.getLastModifiedTime(path.resolve(SEAL)), byteSize(path)));
        }
      }
    } catch (NoSuchFileException e) {
      return; // another process deletes the same; it will see to the rest
    }
    long total = entries.stream().mapToLong(Kept::byteSize).sum();
    entries.sort(Comparator.comparing(Kept::used));
    for (Kept kept : entries) {
      if (total > mostBytes && !kept.path().equals(newest)) {
        delete(kept.path());
        total -= kept.byteSize();
      }
    }
  }

  private static long byteSize(Path entry) throws IOException {
    long sum = 0;
    try (Stream<Path> files = Files.list(entry)) {
      for (Path file : files.toList()) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  /** Deletes whatever stands there, the seal of an entry first; what cannot be deleted stays. */
  private static void delete(Path entry) {
    try {
      if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        Path seal = entry.resolve(SEAL);
        if (Files.isRegularFile(seal)) {
          Files.deleteIfExists(seal);
        }
        try (Stream<Path> files = Files.list(entry)) {
          files.forEach(DiskCache::delete);
        }
      }
      Files.deleteIfExists(entry);
    } catch (IOException | UncheckedIOException e) {
      // In use, or not ours: without its seal it is no entry, and is deleted before the next one.
    }
  }

  /** Work on one key that no other thread or process does at the same time. */
  public static final class Work implements AutoCloseable {
    private final Lock thread;
    private final @Nullable FileChannel process;

    private Work(Lock thread, @Nullable FileChannel process) {
      this.thread = thread;
      this.process = process;
    }

    @Override
    public void close() {
      try {
        if (process != null) {
          process.close(); // which lets go of the lock
        }
      } catch (IOException e) {
        // Nothing was written through it.
      } finally {
        thread.unlock();
      }
    }
  }

  /**
   * Waits until nobody else works on this key. Where files cannot be locked, only the threads of
   * this process wait for each other; a thread that has the lock already gets it at once. The
   * caller closes what it gets.
   */
  public Work lock(String key) {
    int number = Math.floorMod(key.hashCode(), LOCKS);
    Lock thread = THREADS.get(number);
    thread.lock();
    FileChannel channel = null;
    try {
      Path locks = Files.createDirectories(folder.resolve("locks"));
      channel =
          FileChannel.open(
              locks.resolve(Integer.toString(number)),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE);
      channel.lock();
      return new Work(thread, channel);
    } catch (IOException | OverlappingFileLockException e) {
      return new Work(thread, channel);
    } catch (RuntimeException | Error e) {
      new Work(thread, channel).close();
      throw e;
    }
  }
}
