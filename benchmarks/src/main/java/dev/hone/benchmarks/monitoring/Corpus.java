package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Texts, and what models make of them. */
final class Corpus {
  private static final int ROWS = 16;
  private static final long SEED = 41;

  private final long[][] tokens;
  private final int longest;

  /** So many texts, cut at so many tokens. */
  Corpus(int count, int longest) throws IOException {
    this.longest = longest;
    this.tokens =
        Arrays.stream(TextModel.MINILM.tokens(Texts.mixed(count, SEED)))
            .map(this::cut)
            .toArray(long[][]::new);
  }

  private long[] cut(long[] text) {
    if (text.length <= longest) {
      return text;
    }
    long[] cut = Arrays.copyOf(text, longest);
    cut[longest - 1] = text[text.length - 1];
    return cut;
  }

  int size() {
    return tokens.length;
  }

  /**
   * What a model gives for each text.
   *
   * @param hidden what it gives for the tokens, as a batch of one row for each text
   * @param vectors the vectors of the texts, of length 1
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Answers(List<Batch> hidden, float[][] vectors) implements AutoCloseable {
    /** The share of texts whose nearest neighbour is another one than in these answers. */
    double flippedNeighbours(Answers others) {
      long flipped =
          IntStream.range(0, vectors.length)
              .filter(text -> nearest(vectors, text) != nearest(others.vectors, text))
              .count();
      return (double) flipped / vectors.length;
    }

    private static int nearest(float[][] vectors, int text) {
      int nearest = -1;
      double best = Double.NEGATIVE_INFINITY;
      for (int other = 0; other < vectors.length; other++) {
        double dot = other == text ? Double.NEGATIVE_INFINITY : dot(vectors[text], vectors[other]);
        if (dot > best) {
          best = dot;
          nearest = other;
        }
      }
      return nearest;
    }

    private static double dot(float[] a, float[] b) {
      float sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }

    @Override
    public void close() {
      hidden.forEach(Batch::close);
    }
  }

  /** Each text alone. */
  Answers alone(Model model) {
    return answers(model, 1);
  }

  /** Padded batches of sixteen texts of like length: the same up to rounding, and faster. */
  Answers inBatches(Model model) {
    return answers(model, ROWS);
  }

  private Answers answers(Model model, int rows) {
    Batch[] hidden = new Batch[tokens.length];
    float[][] vectors = new float[tokens.length][];
    int[] order =
        IntStream.range(0, tokens.length)
            .boxed()
            .sorted(Comparator.comparingInt(text -> tokens[text].length))
            .mapToInt(text -> text)
            .toArray();
    try (Session session = Session.open(model)) {
      for (int from = 0; from < order.length; from += rows) {
        int[] texts = Arrays.copyOfRange(order, from, Math.min(order.length, from + rows));
        answer(session, texts, hidden, vectors);
      }
    }
    return new Answers(List.of(hidden), vectors);
  }

  private void answer(Session session, int[] texts, Batch[] hidden, float[][] vectors) {
    long[][] rows = Arrays.stream(texts).mapToObj(text -> tokens[text]).toArray(long[][]::new);
    try (Batch in = TextModel.batch(rows);
        Batch out = session.run(in)) {
      float[] all = out.tensor(0).toFloatArray();
      int stride = all.length / texts.length;
      for (int row = 0; row < texts.length; row++) {
        int length = rows[row].length * TextModel.WIDTH;
        float[] mine = Arrays.copyOfRange(all, row * stride, row * stride + length);
        Tensor tensor = Tensor.of(mine, 1, rows[row].length, TextModel.WIDTH);
        hidden[texts[row]] = Batch.of("last_hidden_state", tensor);
        vectors[texts[row]] = TextModel.MINILM.vectors(mine, new long[][] {rows[row]})[0];
      }
    }
  }
}
