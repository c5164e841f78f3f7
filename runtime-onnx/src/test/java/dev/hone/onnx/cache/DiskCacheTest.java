package dev.hone.onnx.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCacheTest {
  private static final long LARGE = 1 << 20;

  private Path folder;

  @BeforeEach
  void make(@TempDir Path temporary) {
    folder = temporary;
  }

  private DiskCache cache(long bytes) {
    return new DiskCache(folder, bytes);
  }

  private void store(DiskCache cache, String key, String content) throws IOException {
    cache.store(
        key,
        half -> {
          Files.writeString(half.resolve("model"), content);
          return "about " + key + "\n\nand more";
        });
  }

  private List<String> left() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void whatIsKeptMayBeReadByWhomAnyNewFolderMay() throws IOException {
    DiskCache cache = cache(LARGE);
    store(cache, "a", "content");
    Path other = Files.createDirectory(folder.resolve("other"));
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    assertThat(Files.getPosixFilePermissions(cache.find("a").orElseThrow().folder()))
        .isEqualTo(Files.getPosixFilePermissions(other));
  }

  @Test
  void whatIsKeptIsFound() throws IOException {
    DiskCache cache = cache(LARGE);
    assertThat(cache.find("a")).isEmpty();
    store(cache, "a", "content");
    DiskCache.Entry entry = cache.find("a").orElseThrow();
    assertThat(entry.text()).isEqualTo("about a\n\nand more");
    assertThat(Files.readString(entry.folder().resolve("model"))).isEqualTo("content");
    assertThat(cache(LARGE).find("b")).isEmpty();
    assertThat(left()).containsExactly("a");
  }

  @Test
  void aNewEntryReplacesTheOld() throws IOException {
    DiskCache cache = cache(LARGE);
    store(cache, "a", "old");
    store(cache, "a", "new");
    assertThat(cache.find("a").orElseThrow().folder().resolve("model")).hasContent("new");
  }

  @Test
  void damageIsNoticedAndDeleted() throws IOException {
    DiskCache cache = cache(LARGE);
    for (String file : List.of("model", "seal.txt")) {
      for (String damage : List.of("contenT", "cont", "", "content and more")) {
        store(cache, "a", "content");
        Files.writeString(folder.resolve("a").resolve(file), damage);
        assertThat(cache.find("a")).as(file + " " + damage).isEmpty();
        assertThat(left()).isEmpty();
      }
      store(cache, "a", "content");
      Files.delete(folder.resolve("a").resolve(file));
      assertThat(cache.find("a")).isEmpty();
    }
    store(cache, "a", "content");
    Files.write(folder.resolve("a").resolve("seal.txt"), new byte[] {(byte) 0xff, 1});
    assertThat(cache.find("a")).isEmpty();
  }

  @Test
  void whatStandsInTheWayOfAnEntryMakesPlaceForIt() throws IOException {
    DiskCache cache = cache(LARGE);
    for (String file : List.of("model", "seal.txt", "more")) {
      store(cache, "a", "content");
      Files.deleteIfExists(folder.resolve("a").resolve(file));
      Path inside = Files.createDirectories(folder.resolve("a").resolve(file).resolve("deep"));
      Files.writeString(inside.resolve("file"), "not of the cache");
      assertThat(cache.find("a").isPresent()).as(file).isEqualTo(file.equals("more"));
      store(cache, "a", "new");
      assertThat(cache.find("a").orElseThrow().folder().resolve("model")).hasContent("new");
      assertThat(left()).containsExactly("a");
    }
    Files.writeString(folder.resolve("b"), "a file in place of the folder");
    assertThat(cache.find("b")).isEmpty();
    store(cache, "b", "new");
    assertThat(cache.find("b")).isPresent();
  }

  @Test
  void whatALinkLeadsToIsNotDeleted() throws IOException {
    DiskCache cache = cache(LARGE);
    Path others = Files.createDirectory(folder.resolve("others"));
    Path kept = Files.writeString(others.resolve("kept"), "not of the cache");
    Files.createSymbolicLink(folder.resolve("a"), others);
    store(cache, "a", "content");
    Files.createSymbolicLink(folder.resolve("a").resolve("more"), others);
    store(cache, "a", "new");
    assertThat(kept).exists();
    assertThat(cache.find("a").orElseThrow().folder().resolve("model")).hasContent("new");
  }

  @Test
  void aFailureLeavesNothingBehind() throws IOException {
    DiskCache cache = cache(LARGE);
    store(cache, "a", "content");
    assertThatThrownBy(
            () ->
                cache.store(
                    "a",
                    half -> {
                      Files.writeString(half.resolve("model"), "half");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");
    assertThat(left()).containsExactly("a");
    assertThat(cache.find("a").orElseThrow().folder().resolve("model")).hasContent("content");
  }

  @Test
  void whatWasNotUsedForLongestGoes() throws IOException {
    DiskCache cache = cache(4000);
    store(cache, "a", "a".repeat(1000));
    store(cache, "b", "b".repeat(1000));
    used("a", 30);
    used("b", 20);
    assertThat(cache.find("a")).as("now the newest").isPresent();
    store(cache, "c", "c".repeat(2000));
    assertThat(left()).containsExactly("a", "c");
  }

  private void used(String key, int secondsAgo) throws IOException {
    Files.setLastModifiedTime(
        folder.resolve(key).resolve("seal.txt"),
        FileTime.from(Instant.now().minusSeconds(secondsAgo)));
  }

  @Test
  void whatIsLargerThanTheCacheIsNotKept() throws IOException {
    DiskCache cache = cache(1000);
    store(cache, "a", "a".repeat(100));
    assertThat(cache.store("b", half -> "x")).isPresent();
    store(cache, "c", "c".repeat(2000));
    assertThat(left()).containsExactly("a", "b");
  }

  @Test
  void whatADeadProcessLeftHalfMadeGoesAfterADay() throws IOException {
    Path abandoned = Files.createDirectory(folder.resolve(".half-1"));
    Files.writeString(abandoned.resolve("model"), "half");
    Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minusSeconds(90_000)));
    Files.createDirectory(folder.resolve(".half-2"));
    store(cache(LARGE), "a", "content");
    assertThat(left()).containsExactly(".half-2", "a");
  }

  @Test
  void twoThreadsDoNotWorkOnOneKeyAtOnce() throws Exception {
    AtomicBoolean inside = new AtomicBoolean();
    CountDownLatch started = new CountDownLatch(1);
    Thread other;
    try (DiskCache.Work work = cache(LARGE).lock("a")) {
      assertThat(work).isNotNull();
      other =
          new Thread(
              () -> {
                started.countDown();
                try (DiskCache.Work late = cache(LARGE).lock("a")) {
                  inside.set(late != null);
                }
              });
      other.start();
      assertThat(started.await(60, TimeUnit.SECONDS)).isTrue();
      other.join(100);
      assertThat(inside).isFalse();
    }
    other.join(60_000);
    assertThat(inside).isTrue();
  }

  @Test
  void aThreadThatWorksOnAKeyMayBeginAgain() {
    try (DiskCache.Work outer = cache(LARGE).lock("a");
        DiskCache.Work inner = cache(LARGE).lock("a")) {
      assertThat(inner).isNotSameAs(outer);
    }
    cache(LARGE).lock("a").close();
  }

  @Test
  void aFolderThatIsNoneIsToldWhenSomethingIsKept() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    DiskCache cache = new DiskCache(file, LARGE);
    assertThatThrownBy(() -> cache.store("a", half -> "x")).isInstanceOf(IOException.class);
    cache.lock("a").close();
  }

  @Test
  void theStandardFolderIsTheUsersOwn() {
    Path home = Path.of("/home/ada");
    assertThat(CacheFolder.standard("Linux", "/home/ada", Map.of()))
        .isEqualTo(home.resolve(".cache/hone"));
    assertThat(CacheFolder.standard("Linux", "/home/ada", Map.of("XDG_CACHE_HOME", "/var/c")))
        .isEqualTo(Path.of("/var/c/hone"));
    assertThat(CacheFolder.standard("Linux", "/home/ada", Map.of("XDG_CACHE_HOME", "relative")))
        .isEqualTo(home.resolve(".cache/hone"));
    assertThat(CacheFolder.standard("Mac OS X", "/home/ada", Map.of()))
        .isEqualTo(home.resolve("Library/Caches/hone"));
    assertThat(CacheFolder.standard("Windows 11", "/home/ada", Map.of("LOCALAPPDATA", "/l")))
        .isEqualTo(Path.of("/l/hone/cache"));
  }
}
