package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.QuantizationException;
import dev.hone.onnx.QuantizedModel;
import dev.hone.onnx.Quantizer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from a model beyond 2 GiB to one in bytes, in a heap smaller than either. */
@Tag("slow")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class QuantizeBigModelTest {
  /** Quantizes, saves the result, and looks up the last row in it. */
  static final class Quantizing {
    private Quantizing() {}

    public static void main(String[] arguments) {
      long last = Long.parseLong(arguments[2]) - 1;
      Path file = Path.of(arguments[1]);
      try (Batch in = Batch.of("index", Tensor.of(new long[] {0, last}, 2))) {
        SessionOptions options =
            SessionOptions.builder()
                .precision(Precision.INT8)
                .threads(1)
                .checks(List.of(in))
                .runtime(OnnxOptions.of(Quantization.builder().evenIfSlower(true).build()))
                .build();
        QuantizedModel small = Quantizer.quantize(Model.load(Path.of(arguments[0])), options);
        small.save(file);
        System.out.println("bytes=" + small.report().bytesAfter());
        try (Session session = Session.open(file, SessionOptions.builder().threads(1).build());
            Batch out = session.run(in)) {
          float[] values = out.get("y").toFloatArray();
          System.out.println("first=" + values[0]);
          System.out.println("last=" + values[values.length - 1]);
        }
      } catch (QuantizationException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  private static ChildJvm quantize(Path folder, Path model, long rows) throws Exception {
    Path small = folder.resolve("small.onnx");
    String[] arguments = {model.toString(), small.toString(), Long.toString(rows)};
    return ChildJvm.run(folder, List.of("-Xmx512m"), Quantizing.class, arguments).verifySuccess();
  }

  @Test
  void tablesOfTwoAndAHalfGigabytesBecomeAQuarter(@TempDir Path folder) throws Exception {
    Path model = BigTable.writeThree(folder);
    ChildJvm child = quantize(folder, model, BigTable.ROWS_OF_THREE);
    assertThat(child.figure("first")).isZero();
    assertThat(child.figure("last")).isCloseTo(BigTable.LAST_VALUE, within(0x1p-11 * 42));
    assertThat(child.figure("bytes")).isLessThan(0.27 * 3 * 4 * 64 * BigTable.ROWS_OF_THREE);
  }

  @Test
  void aTableThatIsTooLargeByItselfIsNamed(@TempDir Path folder) throws Exception {
    ChildJvm child = quantize(folder, BigTable.write(folder), BigTable.ROWS);
    assertThat(child.output()).contains("refused: ", "Its table has 2 GiB or more");
  }
}
