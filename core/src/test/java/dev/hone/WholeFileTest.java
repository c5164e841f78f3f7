package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What takes the place of what. */
class WholeFileTest {
  private static void write(Path file, String content) {
    WholeFile.write(file, "test", channel -> channel.write(StandardCharsets.UTF_8.encode(content)));
  }

  @Test
  void aLinkStaysAndTheFileThatItLeadsToIsReplaced(@TempDir Path folder) throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = Files.writeString(elsewhere.resolve("file"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    write(link, "new");
    assertThat(link).isSymbolicLink().hasContent("new");
    assertThat(file).hasContent("new");
    assertThat(elsewhere.toFile().list()).containsExactly("file");
  }

  @Test
  void whoMightReadAFileMayReadWhatTakesItsPlace(@TempDir Path folder) throws IOException {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
    Path file = Files.writeString(folder.resolve("file"), "old");
    Set<PosixFilePermission> permissions = PosixFilePermissions.fromString("rw-rw-r-x");
    Files.setPosixFilePermissions(file, permissions);
    write(file, "new");
    assertThat(file).hasContent("new");
    assertThat(Files.getPosixFilePermissions(file)).isEqualTo(permissions);
  }

  @Test
  void aNameMayBeAsLongAsNamesCanBe(@TempDir Path folder) {
    Path file = folder.resolve("n".repeat(255));
    write(file, "new");
    assertThat(file).hasContent("new");
    assertThat(folder.toFile().list()).hasSize(1);
  }
}
