package dev.hone.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What was compiled once is not compiled again, and what is damaged is. */
class CubinCacheTest {
  /** Counts, and makes a text that says what it was made of. */
  private static final class Counting implements KernelCompiler {
    final String version;
    int compiled;

    Counting(String version) {
      this.version = version;
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public byte[] compile(KernelSource source, int architecture) {
      compiled++;
      return (source + " " + architecture + " " + version).getBytes(StandardCharsets.UTF_8);
    }
  }

  private static String text(byte[] cubin) {
    return new String(cubin, StandardCharsets.UTF_8);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void eachSourceArchitectureAndVersionIsCompiledOnce(@TempDir Path folder) throws IOException {
    Counting old = new Counting("13.0");
    Counting young = new Counting("13.1");
    for (int round = 0; round < 3; round++) {
      CubinCache cache = new CubinCache(folder.resolve("made/when/needed"));
      for (KernelSource source : KernelSource.values()) {
        for (int architecture : new int[] {90, 100}) {
          for (Counting compiler : new Counting[] {old, young}) {
            assertThat(text(cache.get(source, architecture, compiler)))
                .isEqualTo(source + " " + architecture + " " + compiler.version);
          }
        }
      }
    }
    assertThat(old.compiled).isEqualTo(4);
    assertThat(young.compiled).isEqualTo(4);
    assertThat(files(folder.resolve("made/when/needed"))).hasSize(8); // and no part of one
  }

  @Test
  void anotherSourceIsAnotherKey() {
    assertThat(CubinCache.key("a", 90, "nvcc"))
        .isNotEqualTo(CubinCache.key("b", 90, "nvcc"))
        .isNotEqualTo(CubinCache.key("a9", 0, "nvcc"))
        .isEqualTo(CubinCache.key("a", 90, "nvcc"));
  }

  @Test
  void aDamagedEntryIsCompiledAnew(@TempDir Path folder) throws IOException {
    Counting compiler = new Counting("13.0");
    CubinCache cache = new CubinCache(folder);
    byte[] right = cache.get(KernelSource.IMAGE, 90, compiler);
    Path entry = files(folder).get(0);
    byte[] whole = Files.readAllBytes(entry);
    for (int damage = 0; damage < 4; damage++) {
      byte[] damaged = damage == 3 ? new byte[0] : whole.clone();
      if (damage < 3) {
        damaged[damage * (damaged.length - 1) / 2] ^= 1;
      }
      Files.write(entry, damaged);
      assertThat(cache.get(KernelSource.IMAGE, 90, compiler)).isEqualTo(right);
      assertThat(Files.readAllBytes(entry)).isEqualTo(whole);
    }
    assertThat(compiler.compiled).isEqualTo(5);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whoeverMayReadOtherFilesMayReadEntries(@TempDir Path folder) throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "made without any wish");
    Path cache = folder.resolve("cache");
    new CubinCache(cache).get(KernelSource.IMAGE, 90, new Counting("13.0"));
    assertThat(Files.getPosixFilePermissions(files(cache).get(0)))
        .isEqualTo(Files.getPosixFilePermissions(other));
  }

  @Test
  void whereNothingCanBeKeptItStillCompiles(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    Counting compiler = new Counting("13.0");
    CubinCache cache = new CubinCache(file);
    assertThat(text(cache.get(KernelSource.IMAGE, 90, compiler))).startsWith("IMAGE 90");
    assertThat(text(cache.get(KernelSource.IMAGE, 90, compiler))).startsWith("IMAGE 90");
    assertThat(compiler.compiled).isEqualTo(2);
  }

  @Test
  void whatDoesNotCompileIsNotKept(@TempDir Path folder) throws IOException {
    KernelCompiler broken =
        new KernelCompiler() {
          @Override
          public String version() {
            return "broken";
          }

          @Override
          public byte[] compile(KernelSource source, int architecture) {
            throw new HoneException("does not compile");
          }
        };
    assertThatThrownBy(() -> new CubinCache(folder).get(KernelSource.IMAGE, 90, broken))
        .hasMessage("does not compile");
    assertThat(files(folder)).isEmpty();
  }
}
