package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.onnx.QuantizationReport;
import dev.hone.onnx.QuantizedModel;
import dev.hone.onnx.Quantizer;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.Texts;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from a sentence transformer of 90 MB to one of a quarter of that. */
@Tag("slow")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class QuantizeMiniLmTest {
  /** Quantizes, and saves the result. */
  static final class Quantizing {
    private Quantizing() {}

    public static void main(String[] arguments) {
      List<Batch> texts = MiniLm.tokenize(Texts.make(400)).stream().map(MiniLm::batch).toList();
      SessionOptions options =
          SessionOptions.builder()
              .precision(Precision.INT8)
              .calibration(texts.subList(0, 100))
              .checks(texts.subList(100, 400))
              .build();
      QuantizedModel small = Quantizer.quantize(MiniLm.model(), options);
      small.save(Path.of(arguments[0]));
      texts.forEach(Batch::close);
      QuantizationReport report = small.report();
      System.out.println(report);
      QuantizationReport.Fidelity fidelity = report.fidelity().orElseThrow();
      System.out.println("mean=" + fidelity.meanCosine());
      System.out.println("first=" + fidelity.firstPercentileCosine());
      System.out.println("spearman=" + fidelity.spearman());
      System.out.println("bytes=" + report.bytesAfter());
      System.out.println("attention=" + report.fusions().getOrDefault("Attention", 0));
    }
  }

  @Test
  void itFitsAHeapOf256MegabytesAndStaysClose(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("small.onnx");
    ChildJvm child =
        ChildJvm.run(folder, List.of("-Xmx256m"), Quantizing.class, file.toString())
            .verifySuccess();
    assertThat(child.figure("mean")).isGreaterThan(0.997);
    assertThat(child.figure("first")).isGreaterThan(0.994);
    assertThat(child.figure("spearman")).isGreaterThan(0.997);
    assertThat(child.figure("attention")).isEqualTo(6);
    assertThat(child.figure("bytes")).isLessThan(23.0e6);
    assertThat(file).hasSize((long) child.figure("bytes"));
  }
}
