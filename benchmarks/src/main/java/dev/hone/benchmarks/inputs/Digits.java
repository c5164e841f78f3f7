package dev.hone.benchmarks.inputs;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Tensor;
import dev.hone.examples.Tabular;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/**
 * The handwritten digits of the example {@link Tabular}: 64 grey values each, and a network of two
 * layers of Gemm that learned those before {@link #FIRST_UNSEEN}.
 */
public final class Digits {
  /** The first row that the network has not seen. */
  public static final int FIRST_UNSEEN = 1297;

  private static final int PIXELS = 64;

  private final List<float[]> rows = new ArrayList<>();
  private final List<Integer> labels = new ArrayList<>();

  /** Reads the table. */
  public Digits() throws IOException {
    var file = Objects.requireNonNull(Tabular.class.getResourceAsStream("digits.csv.gz"));
    try (var text =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(file), StandardCharsets.US_ASCII))) {
      text.lines().forEach(this::add);
    }
  }

  private void add(String line) {
    String[] fields = line.split(",", -1);
    float[] pixels = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      pixels[i] = Float.parseFloat(fields[i]);
    }
    rows.add(pixels);
    labels.add(Integer.parseInt(fields[PIXELS]));
  }

  /** The network; its first output is FLOAT32[rows, 10]. */
  public static Model model() {
    return Model.loadResource(Tabular.class, "digits.onnx");
  }

  /** How many there are. */
  public int count() {
    return rows.size();
  }

  /** Rows from one index up to another as inputs. */
  public Batch rows(int from, int to) {
    return Batch.of("pixels", Tensor.of(rows.subList(from, to).toArray(float[][]::new)));
  }

  /** The share of rows from this index on that these outputs tell right, in percent. */
  public double percentRight(float[] outputs, int from) {
    int count = outputs.length / 10;
    int right = 0;
    for (int i = 0; i < count; i++) {
      right += Lines.likeliest(outputs, i, 10) == labels.get(from + i) ? 1 : 0;
    }
    return 100.0 * right / count;
  }
}
