package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import dev.hone.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** ONNX Runtime's form for GPUs on a machine that has none. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GpuClassifierTest {
  private static final String FOR_GPUS = "linux-x86_64-gpu";

  private static boolean isNative(String jar, String classifier) {
    return jar.matches(".*/onnxruntime-[0-9][^/]*-" + classifier + "\\.jar");
  }

  private static List<String> without(String classifier) {
    return ChildJvm.classPath().stream().filter(jar -> !isNative(jar, classifier)).toList();
  }

  @Test
  void itFallsBackWithOneWarningAndAnswersToTheBitLikeTheFormForTheCpu(@TempDir Path folder)
      throws Exception {
    assumeTrue(
        ChildJvm.classPath().stream().anyMatch(jar -> isNative(jar, FOR_GPUS)),
        "ONNX Runtime's form for GPUs is on the class path with -Pgpu only");
    assumeFalse(CudaDiagnostics.report().isReady(), "a GPU can be used here");
    ChildJvm forGpus = run(folder, without("linux-x86_64"), Device.best());
    ChildJvm forTheCpu = run(folder, without(FOR_GPUS), Device.cpu());
    assertThat(forGpus.value("library")).contains(FOR_GPUS);
    assertThat(forTheCpu.value("library")).doesNotContain(FOR_GPUS);
    assertThat(forGpus.value("devices")).isEqualTo("cpu cpu");
    assertThat(forGpus.lines()).filteredOn(line -> line.startsWith("WARNING: ")).hasSize(1);
    assertThat(forGpus.lines()).anyMatch(line -> line.contains("The GPU cannot be used"));
    assertThat(forTheCpu.lines()).noneMatch(line -> line.startsWith("WARNING: "));
    assertThat(forGpus.value("bits")).isEqualTo(forTheCpu.value("bits"));
    System.out.println("Opened on " + Device.best() + " in ms: " + forGpus.value("ms"));
    System.out.println("Opened on " + Device.cpu() + " in ms: " + forTheCpu.value("ms"));
  }

  private static ChildJvm run(Path folder, List<String> classPath, Device device)
      throws IOException, InterruptedException {
    return ChildJvm.run(
        folder, Map.of(), classPath, List.of(), Opening.class, device.kind().name());
  }

  /** What the child runs. */
  static final class Opening {
    private Opening() {}

    public static void main(String... args) throws IOException {
      SessionOptions options = SessionOptions.of(new Device(Device.Kind.valueOf(args[0]), 0));
      long start = System.nanoTime();
      try (Session first = Session.open(OneProduct.model(), options)) {
        long opened = System.nanoTime();
        try (Session second = Session.open(OneProduct.model(), options);
            Batch in = OneProduct.input();
            Batch out = first.run(in)) {
          long again = System.nanoTime();
          System.out.println("ms=" + (opened - start) / 1e6 + ", again " + (again - opened) / 1e6);
          System.out.println("devices=" + first.device() + " " + second.device());
          System.out.println("bits=" + bits(out.get("y").toFloatArray()));
          System.out.println("library=" + library());
        }
      }
    }

    private static String bits(float[] values) {
      StringBuilder bits = new StringBuilder();
      for (float value : values) {
        bits.append(Integer.toHexString(Float.floatToRawIntBits(value))).append(' ');
      }
      return bits.toString();
    }

    private static String library() throws IOException {
      try (Stream<String> mapped = Files.lines(Path.of("/proc/self/maps"))) {
        return mapped.filter(line -> line.contains("/libonnxruntime.so")).findFirst().orElseThrow();
      }
    }
  }
}
