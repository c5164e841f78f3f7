package dev.hone.cuda.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibrarySearchTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // by JUnit
  Path root;

  private void put(String path, FakeLibrary library) {
    library.write(root.resolve(path.substring(1)), 0);
  }

  private void put(String path) {
    put(path, new FakeLibrary(path.substring(path.lastIndexOf('/') + 1)));
  }

  private void write(String path, String text) throws IOException {
    write(path, text.getBytes(StandardCharsets.UTF_8));
  }

  private void write(String path, byte[] bytes) throws IOException {
    Path file = root.resolve(path.substring(1));
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private LibrarySearch.Outcome find(String libraryPath, String soname) {
    return new LibrarySearch(new HostFiles(root), ElfFile.X86_64, libraryPath, name -> false)
        .find(Map.of("the test", List.of(soname)));
  }

  private List<String> hints(String libraryPath, String soname) {
    LibrarySearch.Outcome outcome = find(libraryPath, soname);
    assertThat(outcome.missing()).hasSize(1);
    return outcome.missing().get(0).hints();
  }

  @Test
  void theOrderIsThatOfTheLoader() throws IOException {
    put("/first/liba.so.1", new FakeLibrary("liba.so.1", "libx.so.1").rpath("/rpath"));
    put("/rpath/libx.so.1");
    put("/first/libx.so.1");
    put("/cached/libx.so.1");
    put("/usr/lib64/libx.so.1");
    write("/etc/ld.so.cache", FakeCache.of(List.of("/cached/libx.so.1")));
    for (String expected : new String[] {"/rpath", "/first", "/cached", "/usr/lib64"}) {
      assertThat(find("/first", "liba.so.1").found())
          .containsEntry("libx.so.1", expected + "/libx.so.1");
      Files.delete(root.resolve(expected.substring(1) + "/libx.so.1"));
    }
    assertThat(find("/first", "liba.so.1").missing()).hasSize(1);
  }

  @Test
  void aRunpathComesAfterTheEnvironmentAndSilencesTheRpath() {
    put(
        "/env/liba.so.1",
        new FakeLibrary("liba.so.1", "libx.so.1").rpath("/rpath").runpath("$ORIGIN/own"));
    put("/rpath/libx.so.1");
    put("/env/own/libx.so.1");
    assertThat(find("/env", "liba.so.1").found()).containsEntry("libx.so.1", "/env/own/libx.so.1");
    put("/env/libx.so.1");
    assertThat(find("/env", "liba.so.1").found()).containsEntry("libx.so.1", "/env/libx.so.1");
  }

  @Test
  void anRpathServesThoseFurtherDownAndARunpathDoesNot() {
    put("/env/liba.so.1", new FakeLibrary("liba.so.1", "libb.so.1").rpath("/deep"));
    put("/env/libb.so.1", new FakeLibrary("libb.so.1", "libx.so.1"));
    put("/deep/libx.so.1");
    assertThat(find("/env", "liba.so.1").missing()).isEmpty();
    put("/env/liba.so.1", new FakeLibrary("liba.so.1", "libb.so.1").runpath("/deep"));
    assertThat(find("/env", "liba.so.1").missing())
        .singleElement()
        .satisfies(
            missing -> {
              assertThat(missing.soname()).isEqualTo("libx.so.1");
              assertThat(missing.neededBy()).isEqualTo("libb.so.1");
            });
  }

  @Test
  void librariesThatNeedEachOtherAreFoundOnce() {
    put("/env/liba.so.1", new FakeLibrary("liba.so.1", "libb.so.1"));
    put("/env/libb.so.1", new FakeLibrary("libb.so.1", "liba.so.1"));
    assertThat(find("/env", "liba.so.1").found()).hasSize(2);
  }

  @Test
  void aLibraryForAnotherProcessorIsPassedOver() {
    put("/one/libx.so.1", new FakeLibrary("libx.so.1").arm());
    assertThat(hints("/one:/two", "libx.so.1"))
        .containsExactly("/one/libx.so.1 is for another processor");
    put("/two/libx.so.1");
    assertThat(find("/one:/two", "libx.so.1").found()).containsValue("/two/libx.so.1");
  }

  @Test
  void aLibraryOf32BitsIsPassedOver() throws IOException {
    byte[] small = new FakeLibrary("libx.so.1").bytes();
    small[4] = 1;
    write("/one/libx.so.1", small);
    assertThat(hints("/one:/two", "libx.so.1")).containsExactly("/one/libx.so.1 is of 32 bits");
    put("/two/libx.so.1");
    assertThat(find("/one:/two", "libx.so.1").found()).containsValue("/two/libx.so.1");
  }

  @Test
  void aFileThatMayNotBeReadIsPassedOver() {
    put("/one/libx.so.1");
    HostFiles files = new HostFiles(root, path -> !path.equals("/one/libx.so.1"));
    LibrarySearch search = new LibrarySearch(files, ElfFile.X86_64, "/one:/two", name -> false);
    Map<String, List<String>> needs = Map.of("the test", List.of("libx.so.1"));
    assertThat(search.find(needs).missing())
        .singleElement()
        .satisfies(
            missing ->
                assertThat(missing.hints())
                    .containsExactly("/one/libx.so.1 may not be read by this user"));
    put("/two/libx.so.1");
    assertThat(search.find(needs).found()).containsValue("/two/libx.so.1");
  }

  @Test
  void aFileThatIsNoLibraryEndsTheSearchAsItEndsTheLoaders() throws IOException {
    write("/one/libx.so.1", new byte[0]);
    put("/two/libx.so.1");
    assertThat(hints("/one:/two", "libx.so.1"))
        .containsExactly("/one/libx.so.1 cannot be loaded: it ends too early");
  }

  @Test
  void aFolderThatMayNotBeReadIsTold() {
    put("/closed/libx.so.1");
    HostFiles files = new HostFiles(root, path -> !path.equals("/closed"));
    LibrarySearch search =
        new LibrarySearch(files, ElfFile.X86_64, "/closed:/not/there", name -> false);
    assertThat(search.find(Map.of("the test", List.of("libx.so.1"))).missing())
        .singleElement()
        .satisfies(
            missing ->
                assertThat(missing.hints()).containsExactly("the folder /closed cannot be read"));
  }

  @Test
  void anotherMajorVersionIsNamedWhereItIs() {
    put("/env/libx.so.12");
    put("/env/libx.so.13.1"); // a file name of some version, not a name that anybody asks for
    put("/usr/lib64/libxy.so.11");
    assertThat(hints("/env", "libx.so.13"))
        .containsExactly("/env has libx.so.12, which is another major version");
  }

  @Test
  void aFolderThatLdconfigHasNotSeenYetIsTold() throws IOException {
    put("/usr/local/cuda-13.1/lib64/libx.so.1");
    write("/etc/ld.so.conf", "# comment\ninclude ld.so.conf.d/*.conf\n");
    write("/etc/ld.so.conf.d/cuda.conf", "/usr/local/cuda-13.1/lib64 # here\n");
    assertThat(hints("", "libx.so.1").get(0))
        .isEqualTo(
            "it is in /usr/local/cuda-13.1/lib64, which /etc/ld.so.conf names, but not in the"
                + " loader's cache: run ldconfig");
  }

  @Test
  void aConfigurationThatIncludesItselfEnds() throws IOException {
    write("/etc/ld.so.conf", "include /etc/ld.so.conf\ninclude /etc/*/*\n/a\n");
    assertThat(LoaderCache.configuredFolders(new HostFiles(root))).containsExactly("/a");
  }

  @Test
  void theCacheIsReadInBothLayoutsAndForThisProcessorOnly() throws IOException {
    List<String> paths = List.of("/cached/libx.so.1");
    put("/cached/libx.so.1");
    write("/etc/ld.so.cache", FakeCache.behindTheOldOne(paths));
    assertThat(find("", "libx.so.1").found()).hasSize(1);
    write("/etc/ld.so.cache", FakeCache.of(paths, 0x0a03));
    assertThat(find("", "libx.so.1").found()).isEmpty();
  }

  @Test
  void aDamagedCacheIsNoCache() throws IOException {
    byte[] whole = FakeCache.of(List.of("/cached/libx.so.1", "/cached/liby.so.1"));
    Random random = new Random(11);
    for (int round = 0; round < 1_000; round++) {
      byte[] damaged = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
      for (int change = 0; change < 3 && damaged.length > 20; change++) {
        damaged[20 + random.nextInt(damaged.length - 20)] = (byte) random.nextInt(256);
      }
      write("/etc/ld.so.cache", damaged);
      assertThat(find("", "libx.so.1").missing()).hasSize(1);
    }
  }

  @Test
  void whatJavaCppFindsOnTheClassPathIsFound() {
    LibrarySearch search =
        new LibrarySearch(new HostFiles(root), ElfFile.X86_64, "", "libx.so.1"::equals);
    LibrarySearch.Outcome outcome =
        search.find(Map.of("the test", List.of("libx.so.1", "liby.so.1")));
    assertThat(outcome.found()).containsOnly(Map.entry("libx.so.1", "the class path"));
    assertThat(outcome.missing()).extracting("soname").containsExactly("liby.so.1");
  }
}
