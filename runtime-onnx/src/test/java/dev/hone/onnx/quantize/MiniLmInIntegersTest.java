package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.fuse.FusionOptions;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.ModelRuns;
import dev.hone.onnx.testing.Texts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A whole transformer in static integers, from its file on. */
@Tag("slow")
class MiniLmInIntegersTest {
  private static final int LEARN = 60;
  private static final int CHECK = 60;
  private static final int WIDTH = 384;

  private static final List<long[]> ROWS = MiniLm.tokenize(Texts.make(LEARN + CHECK));
  private static ModelData fused = read();
  private static ModelData small = fused.copy();
  private static List<NodeChoice> choices = List.of();

  private static ModelData read() {
    return ModelData.read(ModelSource.ofResource(MiniLm.class, MiniLm.RESOURCE));
  }

  @BeforeAll
  static void quantize() {
    fused = read();
    ConstantLifting.apply(fused);
    Fusions.apply(fused, FusionOptions.EXACT.withFastGelu(true));
    List<Batch> learn = ROWS.subList(0, LEARN).stream().map(MiniLm::batch).toList();
    Calibration calibration =
        Calibration.collect(fused, StaticDense.valuesToCalibrate(fused), learn, ModelRuns::opener);
    learn.forEach(Batch::close);
    small = fused.copy();
    choices = StaticDense.apply(small, calibration, Set.of());
  }

  @Test
  void everyProductWithWeightsIsInIntegers() {
    assertThat(choices).hasSize(24);
    assertThat(choices)
        .allSatisfy(
            choice -> {
              assertThat(choice.form()).isEqualTo(NodeChoice.Form.STATIC_INT8);
              assertThat(choice.signalToNoiseDb()).isGreaterThan(30);
            });
    assertThat(small.graph().nodes("Mul")).hasSizeLessThanOrEqualTo(12);
  }

  @Test
  void embeddingsStayClose() {
    double sum = 0;
    double least = 1;
    try (Session exact = Session.open(MiniLm.model());
        Session integer = ModelRuns.open(small, Optimization.ALL)) {
      for (long[] row : ROWS.subList(LEARN, LEARN + CHECK)) {
        double cosine = cosine(embed(exact, row), embed(integer, row));
        sum += cosine;
        least = Math.min(least, cosine);
      }
    }
    assertThat(sum / CHECK).isGreaterThan(0.997);
    assertThat(least).isGreaterThan(0.99);
  }

  private static double[] embed(Session session, long[] ids) {
    try (Batch in = MiniLm.batch(ids);
        Batch out = session.run(in)) {
      float[] hidden = out.get(MiniLm.OUTPUT).toFloatArray();
      double[] mean = new double[WIDTH];
      for (int k = 0; k < hidden.length; k++) {
        mean[k % WIDTH] += hidden[k];
      }
      return mean;
    }
  }

  private static double cosine(double[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void aRowHasTheSameBitsAloneInABatchAndPadded() {
    List<long[]> rows = ROWS.subList(LEARN, LEARN + 32);
    int longest = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
    List<long[]> ids = new ArrayList<>();
    List<long[]> mask = new ArrayList<>();
    for (long[] row : rows) {
      long[] ones = new long[row.length];
      Arrays.fill(ones, 1);
      ids.add(Arrays.copyOf(row, longest));
      mask.add(Arrays.copyOf(ones, longest));
    }
    try (Session session = ModelRuns.open(small, Optimization.ALL);
        Batch in =
            Batch.of(
                "input_ids",
                Tensor.of(ids.toArray(long[][]::new)),
                "attention_mask",
                Tensor.of(mask.toArray(long[][]::new)),
                "token_type_ids",
                Tensor.of(new long[rows.size()][longest]));
        Batch together = session.run(in)) {
      float[] all = together.get(MiniLm.OUTPUT).toFloatArray();
      for (int i = 0; i < rows.size(); i++) {
        int from = i * longest * WIDTH;
        float[] padded = Arrays.copyOfRange(all, from, from + rows.get(i).length * WIDTH);
        try (Batch alone = MiniLm.batch(rows.get(i));
            Batch out = session.run(alone)) {
          assertThat(out.get(MiniLm.OUTPUT).toFloatArray()).as("text %d", i).isEqualTo(padded);
        }
      }
    }
  }
}
