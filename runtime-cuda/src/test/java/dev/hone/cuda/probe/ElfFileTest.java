package dev.hone.cuda.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfFileTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // by JUnit
  Path folder;

  private ElfFile read(byte[] bytes) throws IOException {
    return ElfFile.read(Files.write(folder.resolve("lib.so"), bytes));
  }

  @Test
  void whatTheLoaderReadsIsRead() throws IOException {
    ElfFile elf =
        read(
            new FakeLibrary("liba.so.1", "libb.so.2", "libc.so.6")
                .rpath("/one:$ORIGIN/two")
                .runpath("/three")
                .bytes());
    assertThat(elf)
        .isEqualTo(
            new ElfFile(
                ElfFile.X86_64,
                "liba.so.1",
                List.of("libb.so.2", "libc.so.6"),
                List.of("/one", "$ORIGIN/two"),
                List.of("/three")));
  }

  @Test
  void aFileThatIsCutAnywhereIsRefusedInOneSentence() throws IOException {
    byte[] whole = new FakeLibrary("liba.so.1", "libb.so.2").rpath("/one").bytes();
    int lastOfNames = whole.length - 16; // the end mark of the entries is in the last 16 bytes
    for (int length = 0; length < lastOfNames; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(cut)).as("%d bytes", length).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aDamagedFileIsReadOrRefusedButNothingElse() throws IOException {
    byte[] whole = new FakeLibrary("liba.so.1", "libb.so.2").rpath("/one").bytes();
    Random random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 3_000; round++) {
      byte[] damaged = whole.clone();
      for (int change = random.nextInt(4); change >= 0; change--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        read(damaged);
      } catch (IOException e) {
        assertThat(e.getMessage()).isNotBlank();
        refused++;
      }
    }
    assertThat(refused).isBetween(300, 2_900);
  }

  @Test
  void otherFilesAreToldWhatTheyAre() {
    byte[] text =
        "/* GNU ld script */ GROUP ( libc.so.6 )".repeat(3).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> read(text)).hasMessage("it is no ELF file");
    byte[] small = new FakeLibrary("liba.so.1").bytes();
    small[4] = 1;
    assertThatThrownBy(() -> read(small)).isInstanceOf(ElfFile.Not64BitsException.class);
    byte[] bigEndian = new FakeLibrary("liba.so.1").bytes();
    bigEndian[5] = 2;
    assertThatThrownBy(() -> read(bigEndian))
        .isNotInstanceOf(ElfFile.Not64BitsException.class)
        .hasMessageContaining("not little-endian");
  }

  @Test
  void realLibrariesAreReadAsReadelfReadsThem() throws Exception {
    List<Path> libraries = systemLibraries();
    assumeTrue(!libraries.isEmpty(), "no library of the system is known here");
    for (Path library : libraries) {
      String expected = readelf(library);
      assumeTrue(!expected.isEmpty(), "readelf is not here");
      assertThat(ElfFile.read(library).needed())
          .as("%s", library)
          .isEqualTo(all(expected, "\\(NEEDED\\).*\\[(.*)]"));
    }
  }

  private static List<Path> systemLibraries() throws IOException {
    Path folder = Path.of("/usr/lib/x86_64-linux-gnu");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().matches(".*/lib(stdc\\+\\+|z|m|ssl|X11)\\.so\\.\\d+"))
          .sorted()
          .toList();
    }
  }

  private static String readelf(Path library) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("readelf", "-d", library.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return text;
    } catch (IOException e) {
      return "";
    }
  }

  private static List<String> all(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }
}
