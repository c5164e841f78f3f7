package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.testing.MiniLm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Weights are no burden to the Java heap. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SmallHeapTest {
  /** Opens and runs a sentence transformer of 90 MB. */
  static final class Embedding {
    private Embedding() {}

    public static void main(String[] arguments) {
      try (Session session = Session.open(MiniLm.model());
          Batch in = MiniLm.batch(new long[] {101, 7592, 2088, 102});
          Batch out = session.run(in)) {
        System.out.println("values=" + out.get(MiniLm.OUTPUT).toFloatArray().length);
      }
    }
  }

  /** Opens the model of {@link BigTable}, or what fusing makes of it, and looks up its last row. */
  static final class LookUp {
    private LookUp() {}

    public static void main(String[] arguments) {
      OnnxOptions fuse = OnnxOptions.builder().fuse(arguments.length > 1).build();
      SessionOptions oneThread = SessionOptions.builder().threads(1).runtime(fuse).build();
      try (Session session = Session.open(Path.of(arguments[0]), oneThread);
          Batch in = Batch.of("index", Tensor.of(new long[] {0, BigTable.ROWS - 1}, 2));
          Batch out = session.run(in)) {
        float[] values = out.get("y").toFloatArray();
        System.out.println("first=" + values[0]);
        System.out.println("last=" + values[values.length - 1]);
      }
    }
  }

  @Test
  void miniLmRunsInAHeapOf64Megabytes(@TempDir Path folder) throws Exception {
    ChildJvm child = ChildJvm.run(folder, List.of("-Xmx64m"), Embedding.class).verifySuccess();
    assertThat(child.figure("values")).isEqualTo(4 * 384);
  }

  @Test
  @Tag("slow")
  void aModelOfTwoAndAHalfGigabytesRunsInAHeapOf256(@TempDir Path folder) throws Exception {
    Path model = BigTable.write(folder);
    ChildJvm child =
        ChildJvm.run(folder, List.of("-Xmx256m"), LookUp.class, model.toString()).verifySuccess();
    assertThat(child.figure("first")).isZero();
    assertThat(child.figure("last")).isEqualTo(BigTable.LAST_VALUE);
  }

  @Test
  @Tag("slow")
  void whatIsMadeOfItGoesThroughATemporaryFolder(@TempDir Path folder) throws Exception {
    Path model = BigTable.write(folder);
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    List<String> flags = List.of("-Xmx256m", "-Djava.io.tmpdir=" + temporary);
    ChildJvm child =
        ChildJvm.run(folder, flags, LookUp.class, model.toString(), "fuse").verifySuccess();
    assertThat(child.figure("last")).isEqualTo(BigTable.LAST_VALUE);
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).noneMatch(path -> path.getFileName().toString().startsWith("hone-"));
    }
  }
}
