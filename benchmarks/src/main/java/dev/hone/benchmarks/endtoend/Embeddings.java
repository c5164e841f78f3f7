package dev.hone.benchmarks.endtoend;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.FifoBatcher;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.precision.Fidelity;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.Quantization.Form;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Embeddings from text as an application makes them, tokenizer included. */
public final class Embeddings implements Question {
  private static final String THEIR_FP32 = "langchain4j, FP32";
  private static final String THEIR_INT8 = "langchain4j, its quantized file";
  private static final String FIFO = "padded batches of 16, FP32, by hand";
  private static final String PLAIN = "Hone: FP32 as it is, no batches";
  private static final String FP32 = "Hone: FP32, fused";
  private static final String INT8 = "Hone: INT8";
  private static final String FASTEST = "Hone: INT8, fastest";

  private static final double SAME = 0.9999;
  static final double NEAR = 0.97;

  private final Map<String, float[][]> vectors = new LinkedHashMap<>();

  @Override
  public String id() {
    return "embeddings";
  }

  @Override
  public String words() {
    return "How many texts become vectors in a second? (MiniLM, tokenizer included, "
        + Crowd.CALLERS
        + " callers)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 77, 600);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws Exception {
    List<String> texts = Texts.mixed(effort.pick(12, 200, 500), 31);
    answer.note(
        Texts.source()
            + " "
            + texts.size()
            + " of them. Everybody cuts them at "
            + TextModel.CUT
            + " tokens, as the tokenizer's file says.");
    float[][] reference = reference(texts);
    List<Entrant> entrants = new ArrayList<>();
    add(entrants, texts, reference, THEIR_FP32, SAME, () -> of(new AllMiniLmL6V2EmbeddingModel()));
    add(
        entrants,
        texts,
        reference,
        THEIR_INT8,
        NEAR,
        () -> of(new AllMiniLmL6V2QuantizedEmbeddingModel()));
    add(entrants, texts, reference, FIFO, SAME, () -> new HoneEmbedder(new FifoBatcher(open(0))));
    if (effort != Effort.SHORT) {
      add(entrants, texts, reference, PLAIN, SAME, () -> new HoneEmbedder(open(1)));
    }
    add(
        entrants,
        texts,
        reference,
        FP32,
        SAME,
        () -> batched(TextModel.MINILM.model(), SmallModels.fused(0)));
    if (effort != Effort.SMOKE) {
      add(entrants, texts, reference, INT8, NEAR, () -> small("int8", Form.AUTOMATIC));
      add(entrants, texts, reference, FASTEST, NEAR, () -> small("fastest", Form.FASTEST));
    }
    Samples samples = Interleaved.measure(entrants, effort);
    samples.failures().forEach(answer::missing);
    table(answer, entrants, samples, reference);
    figures(answer, samples, reference);
    try {
      boolean smoke = effort == Effort.SMOKE; // which has no time to quantize
      Model model = smoke ? TextModel.MINILM.model() : Model.load(file("int8", Form.AUTOMATIC));
      TimeShares.measure(model, texts, reference, effort, answer);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception | AssertionError e) { // what was measured before stays
      answer.failed("where the time goes", e);
    }
  }

  private interface Opener {
    Embedder open() throws Exception;
  }

  private void add(
      List<Entrant> entrants,
      List<String> texts,
      float[][] reference,
      String name,
      double leastCosine,
      Opener opener) {
    entrants.add(
        new Entrant(
            name,
            name.startsWith("Hone") ? Side.OURS : Side.THEIRS,
            () ->
                new Crowd(
                    opener.open(),
                    texts,
                    reference,
                    leastCosine,
                    result -> vectors.put(name, result))));
  }

  private static Embedder batched(Model model, SessionOptions options) throws IOException {
    return new HoneEmbedder(Batcher.open(model, options, BatchPolicy.automatic()));
  }

  private static Embedder small(String id, Form form) throws IOException {
    return batched(Model.load(file(id, form)), SessionOptions.DEFAULT);
  }

  private static Path file(String id, Form form) throws IOException {
    List<Batch> examples = TextModel.MINILM.examples();
    try {
      return SmallModels.file(id, TextModel.MINILM.model(), Precision.INT8, form, examples);
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static Session open(int threads) {
    return Session.open(
        TextModel.MINILM.model(), SessionOptions.builder().threads(threads).build());
  }

  private static Embedder of(EmbeddingModel model) {
    return text -> model.embed(text).content().vector();
  }

  private static float[][] reference(List<String> texts) throws IOException {
    try (Embedder embedder = new HoneEmbedder(open(0))) {
      return texts.stream().map(embedder::embed).toArray(float[][]::new);
    }
  }

  private void table(Answer answer, List<Entrant> entrants, Samples samples, float[][] reference) {
    Table table =
        answer
            .add(
                new Table(
                    "Texts to vectors",
                    Column.higher("texts in a second", "1/s").asBars(),
                    Column.higher("against langchain4j FP32", "x"),
                    Column.higher("mean cosine to FP32", ""),
                    Column.higher("Spearman", "")))
            .drawnAs("Speed against fidelity", "texts in a second", "Spearman");
    for (Entrant entrant : entrants) {
      String name = entrant.name();
      float[][] mine = vectors.get(name);
      if (samples.has(name) && mine != null) {
        Fidelity fidelity = Fidelity.of(reference, mine);
        Table.Row row = table.row(name, entrant.side());
        row.set("texts in a second", samples.perSecond(name, reference.length));
        row.set("mean cosine to FP32", fidelity.meanCosine());
        row.set("Spearman", fidelity.spearman());
        if (samples.has(THEIR_FP32)) {
          row.set("against langchain4j FP32", samples.speedAgainst(name, THEIR_FP32));
        }
      }
    }
  }

  private void figures(Answer answer, Samples samples, float[][] reference) {
    answer.speed("endtoend.int8.their-fp32", samples, INT8, THEIR_FP32);
    answer.speed("endtoend.int8.their-int8", samples, INT8, THEIR_INT8);
    answer.speed("endtoend.int8.fifo", samples, INT8, FIFO);
    answer.speed("endtoend.fastest.their-fp32", samples, FASTEST, THEIR_FP32);
    answer.speed("endtoend.fastest.their-int8", samples, FASTEST, THEIR_INT8);
    answer.speed("endtoend.fp32.their-fp32", samples, FP32, THEIR_FP32);
    float[][] int8 = vectors.get(INT8);
    if (int8 != null) {
      answer.figure("endtoend.int8.spearman", Fidelity.of(reference, int8).spearman());
    }
    float[][] theirs = vectors.get(THEIR_FP32);
    float[][] ours = vectors.get(FP32);
    if (theirs != null && ours != null) {
      answer.figure("endtoend.fp32.cosine", Fidelity.of(theirs, ours).leastCosine());
    }
  }
}
