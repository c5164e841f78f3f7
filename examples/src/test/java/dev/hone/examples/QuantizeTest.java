package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Precision;
import dev.hone.onnx.QuantizedModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizeTest {
  @Test
  @Tag("slow")
  void theSmallModelIsWrittenAndAlmostTheSame(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("small.onnx");
    QuantizedModel small = Quantize.miniLm(Precision.INT8, file);
    assertThat(file).hasSize(small.report().bytesAfter());
    assertThat(small.report().fidelity().orElseThrow().meanCosine()).isGreaterThan(0.997);
  }
}
