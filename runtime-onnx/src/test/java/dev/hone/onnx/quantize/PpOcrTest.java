package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.QuantizedModel;
import dev.hone.onnx.Quantizer;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.DrawnLines;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Static INT8 of the text detection, recognition and classification models of PP-OCR. */
class PpOcrTest {
  private static final String RECOGNITION = "ch_PP-OCRv3_rec_infer";
  private static final String CLASSIFICATION = "ch_ppocr_mobile_v2.0_cls_infer";
  private static final int LINES = 500;

  private static ModelData read(String name) {
    return ModelData.read(
        ModelSource.ofResource(PpOcrTest.class, DrawnLines.FOLDER + name + ".onnx"));
  }

  /** Quantizes with these inputs as calibration data, and fails if a convolution was not fused. */
  private static ModelData quantized(String name, int count, IntFunction<Batch> inputs) {
    ModelData model = read(name);
    ConstantLifting.apply(model);
    Fusions.apply(model);
    List<Batch> data = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        data.add(inputs.apply(i));
      }
      Set<String> values = StaticConv.valuesToCalibrate(model);
      Calibration calibration = Calibration.collect(model, values, data, ModelRuns::opener);
      List<NodeChoice> choices = StaticConv.apply(model, calibration, Set.of());
      long integers =
          choices.stream().filter(choice -> choice.form() == Form.STATIC_INT8_IN_OUT).count();
      Graph optimized = ModelRuns.optimized(model).graph();
      assertThat(optimized.nodes().stream().filter(node -> node.op().equals("QLinearConv")))
          .hasSize((int) integers);
      return model;
    } finally {
      data.forEach(Batch::close);
    }
  }

  private static Batch noise(int seed) {
    Random random = new Random(seed);
    float[] pixels = new float[3 * 64 * 96];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat() * 2 - 1;
    }
    return Batch.of("x", Tensor.of(pixels, 1, 3, 64, 96));
  }

  @ParameterizedTest
  @CsvSource({
    RECOGNITION,
    "ch_PP-OCRv4_rec_infer",
    "ch_PP-OCRv3_det_infer",
    "ch_PP-OCRv4_det_infer",
    CLASSIFICATION
  })
  void noInvalidModelIsWritten(String name) {
    IntFunction<Batch> inputs =
        name.contains("det") ? PpOcrTest::noise : i -> DrawnLines.line("Line " + i, i);
    ModelData model = quantized(name, 2, inputs);
    try (Batch in = inputs.apply(2)) {
      float[] plain = ModelRuns.run(model, Optimization.NONE, in);
      float[] kernels = ModelRuns.run(model, Optimization.ALL, in);
      assertThat(plain).doesNotContain(Float.NaN);
      assertThat(kernels).doesNotContain(Float.NaN).hasSameSizeAs(plain);
    }
  }

  @Test
  void aSmallNetThatBytesHardlyHastenIsStoredInHalvesAndRecognizedAgain(@TempDir Path folder) {
    List<Batch> lines = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      lines.add(DrawnLines.turnable("Line " + i, i, i % 2 == 1));
    }
    Quantization how = Quantization.builder().evenIfSlower(true).build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(lines)
            .runtime(OnnxOptions.builder().quantization(how).build())
            .build();
    Path file = folder.resolve("small.onnx");
    QuantizedModel small = Quantizer.quantize(ModelRuns.model(read(CLASSIFICATION)), options);
    small.save(file);
    lines.forEach(Batch::close);
    assertThat(small.report().nodesByForm()).containsOnlyKeys("FLOAT", "HALF_STORAGE");
    assertThat(small.report().form()).isEqualTo("weights stored smaller, computed in FP32");
    assertThat(small.report().precision()).isEqualTo(Precision.FP32);
    assertThat(small.report().bytesAfter()).isLessThan(small.report().bytesBefore() * 55 / 100);
    try (Session again = Session.open(file, SessionOptions.of(Precision.INT8))) {
      assertThat(again.precision()).isEqualTo(Precision.FP32);
      assertThat(again.report().notes())
          .contains("The file is quantized already, to INT8: it runs as it is.");
    }
  }

  @Test
  @Tag("slow")
  void everyLineThatFloatsReadRightStaysRight() {
    List<String> learned = DrawnLines.texts(60, 1);
    ModelData model = quantized(RECOGNITION, 60, i -> DrawnLines.line(learned.get(i), i));
    List<String> texts = DrawnLines.texts(LINES, 2);
    DrawnLines lines = new DrawnLines();
    List<String> lost = new ArrayList<>();
    int right = 0;
    try (Session floats = ModelRuns.open(read(RECOGNITION), Optimization.ALL);
        Session bytes = ModelRuns.open(model, Optimization.ALL)) {
      for (int i = 0; i < LINES; i++) {
        String text = texts.get(i);
        try (Batch in = DrawnLines.line(text, i);
            Batch exact = floats.run(in);
            Batch close = bytes.run(in)) {
          if (lines.decode(exact.tensor(0)).equals(text)) {
            right++;
            String read = lines.decode(close.tensor(0));
            if (!read.equals(text)) {
              lost.add(text + " read as " + read);
            }
          }
        }
      }
    }
    assertThat(right).isGreaterThan(LINES * 9 / 10);
    assertThat(lost).isEmpty();
  }

  @Test
  @Tag("slow")
  void everyLabelStaysRight() {
    List<String> learned = DrawnLines.texts(60, 1);
    ModelData model =
        quantized(CLASSIFICATION, 60, i -> DrawnLines.turnable(learned.get(i), i, i % 2 == 1));
    List<String> texts = DrawnLines.texts(LINES, 2);
    int right = 0;
    int kept = 0;
    try (Session floats = ModelRuns.open(read(CLASSIFICATION), Optimization.ALL);
        Session bytes = ModelRuns.open(model, Optimization.ALL)) {
      for (int i = 0; i < LINES; i++) {
        int label = i % 2;
        try (Batch in = DrawnLines.turnable(texts.get(i), i, label == 1);
            Batch exact = floats.run(in);
            Batch close = bytes.run(in)) {
          boolean rightBefore = DrawnLines.likeliest(exact.tensor(0).toFloatArray(), 0, 2) == label;
          boolean rightAfter = DrawnLines.likeliest(close.tensor(0).toFloatArray(), 0, 2) == label;
          right += rightBefore ? 1 : 0;
          kept += rightBefore && rightAfter ? 1 : 0;
        }
      }
    }
    assertThat(right).isGreaterThan(LINES * 9 / 10);
    assertThat(kept).isEqualTo(right);
  }
}
