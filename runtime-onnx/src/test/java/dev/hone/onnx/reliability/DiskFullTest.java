package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What happens when a disk has no room for a model: here, a process may write small files only. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@EnabledOnOs({OS.LINUX, OS.MAC})
class DiskFullTest {
  /** Quantizes a model of a megabyte; saves it, and opens it with a cache. */
  static final class Quantizing {
    private Quantizing() {}

    public static void main(String[] arguments) {
      Path folder = Path.of(arguments[0]);
      Model model = Model.load(folder.resolve("model.onnx"));
      Quantization how =
          Quantization.builder()
              .form(Quantization.Form.WEIGHTS)
              .evenIfSlower(true)
              .cacheFolder(folder.resolve("cache"))
              .build();
      SessionOptions options =
          SessionOptions.builder()
              .precision(Precision.INT8)
              .threads(1)
              .runtime(OnnxOptions.builder().quantization(how).build())
              .build();
      try {
        Quantizer.quantize(model, options).save(folder.resolve("small.onnx"));
      } catch (HoneException e) {
        System.out.println("saving: " + e.getMessage());
      }
      try (Session session = Session.open(model, options);
          Batch in =
              Batch.of("x", Tensor.of(new float[2 * OneProduct.WIDTH], 2, OneProduct.WIDTH));
          Batch out = session.run(in)) {
        System.out.println("rows=" + out.rows());
        System.out.println(session.report());
      }
    }
  }

  @Test
  void nothingHalfWrittenIsLeftAndASessionOpensAllTheSame(@TempDir Path folder) throws Exception {
    OneProduct.write(folder.resolve("model.onnx"));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 100; exec \"$0\" \"$@\"",
                java,
                "-XX:-UsePerfData",
                "-cp",
                ChildJvm.join(ChildJvm.classPath()),
                Quantizing.class.getName(),
                folder.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    String said;
    try {
      assertThat(process.waitFor()).as(output.toString()).isZero();
      said = Files.readString(output);
    } finally {
      process.destroyForcibly();
    }
    assertThat(said).contains("saving: The model cannot be written to");
    assertThat(said).contains("rows=2").contains("Not kept for the next opening: the cache");
    assertThat(names(folder)).containsExactlyInAnyOrder("cache", "model.onnx", "output.txt");
    assertThat(names(folder.resolve("cache"))).isSubsetOf("locks", "hashes");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.map(path -> String.valueOf(path.getFileName())).toList();
    }
  }
}
