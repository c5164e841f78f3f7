package dev.hone.onnx.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ContentHashTest {
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private Path folder;
  private ContentHash hashes;
  private Path file;

  @BeforeEach
  void write(@TempDir Path temporary) throws IOException {
    folder = temporary;
    hashes = new ContentHash(folder.resolve("cache"));
    file = Files.writeString(folder.resolve("file"), "abc");
  }

  private long remembered() throws IOException {
    Path memos = folder.resolve("cache").resolve("hashes");
    if (!Files.exists(memos)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(memos)) {
      return files.count();
    }
  }

  @Test
  void itIsSha256() throws IOException {
    assertThat(hashes.of(file)).isEqualTo(ABC);
    assertThat(ContentHash.of(ByteBuffer.wrap("abc".getBytes(StandardCharsets.US_ASCII))))
        .isEqualTo(ABC);
    assertThat(ContentHash.of("abc")).isEqualTo(ABC);
  }

  @Test
  void whatJustChangedIsNotRemembered() throws IOException {
    assertThat(hashes.of(file)).isEqualTo(ABC);
    assertThat(remembered()).isZero();
    Files.writeString(file, "abd");
    assertThat(hashes.of(file)).isNotEqualTo(ABC);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatIsSettledIsRememberedUntilItChangesInAnyWay() throws Exception {
    Thread.sleep(3_100);
    assertThat(hashes.of(file)).isEqualTo(ABC);
    assertThat(remembered()).isEqualTo(1);
    assertThat(hashes.of(file)).isEqualTo(ABC);

    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "abd");
    Files.setLastModifiedTime(file, time);
    assertThat(hashes.of(file)).as("same size, time set back").isNotEqualTo(ABC);

    Files.writeString(file, "abc");
    Path other = Files.writeString(folder.resolve("other"), "xyz");
    Files.setLastModifiedTime(other, time);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertThat(hashes.of(file)).as("another file in its place").isNotEqualTo(ABC);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whoeverMayReadOtherFilesMayReadWhatIsRemembered() throws IOException {
    Path settled = Path.of(System.getProperty("java.home"), "release");
    hashes.of(settled);
    assertThat(remembered()).isEqualTo(1);
    try (Stream<Path> memos = Files.list(folder.resolve("cache").resolve("hashes"))) {
      assertThat(Files.getPosixFilePermissions(memos.findFirst().orElseThrow()))
          .isEqualTo(Files.getPosixFilePermissions(file));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatIsRememberedIsUsedAndNotBelievedWhenDamaged() throws Exception {
    Thread.sleep(3_100);
    assertThat(hashes.of(file)).isEqualTo(ABC);
    Path memo;
    try (Stream<Path> files = Files.list(folder.resolve("cache").resolve("hashes"))) {
      memo = files.findFirst().orElseThrow();
    }
    Seal seal = Objects.requireNonNull(Seal.read(Files.readString(memo)));
    String planted = new Seal(seal.files(), seal.text().replace(ABC, "planted")).write();
    Files.writeString(memo, planted);
    assertThat(hashes.of(file)).as("read from the memo").isEqualTo("planted");
    Files.writeString(memo, planted.replace("planted", "damaged"));
    assertThat(hashes.of(file)).isEqualTo(ABC);
  }
}
