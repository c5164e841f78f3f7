package dev.hone.examples;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.metrics.SessionStats;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Two hundred users at once, each of whom asks all-MiniLM-L6-v2 for the vector of a text and then
 * for the next: first of a plain session, then of the same session through a {@link Batcher}. What
 * the users do is the same, line by line; only who answers them differs.
 */
public final class ManyCallers {
  private static final String HEADER =
      "            requests/s    p50 ms    p99 ms   rows in a run   padding";

  private static final double FEW_SHARED = 1.05; // rows in a run

  private ManyCallers() {}

  /** Takes the seconds for each of the two as its only argument; 10 if there is none. */
  public static void main(String... args) throws IOException {
    String seconds = String.join("", args).strip(); // Maven gives an empty word where there is none
    if (!seconds.matches("[0-9]{0,4}")) {
      System.err.println("Give the seconds for each of the two ways: -Dargs=10.");
      System.exit(1);
    }
    Duration time = Duration.ofSeconds(seconds.isEmpty() ? 10 : Integer.parseInt(seconds));
    compare(200, time, System.out);
  }

  /** Lets so many users ask for this long in both ways; returns how many times more get answers. */
  static double compare(int users, Duration time, PrintStream out) throws IOException {
    Model model = Model.loadResource(ManyCallers.class, "/all-minilm-l6-v2.onnx");
    // Where many call at once, one thread for each call serves more than many threads for one.
    SessionOptions options = SessionOptions.builder().threads(1).build();
    List<Batch> requests = requests(SemanticSearch.sentences());
    double plain;
    double batched;
    try {
      print(out, "%d users, %d texts%n%s", users, requests.size(), HEADER);
      try (Session session = Session.open(model, options)) {
        plain = serve("plain", session, requests, users, time, out);
      }
      try (Session session = Batcher.over(Session.open(model, options), BatchPolicy.automatic())) {
        batched = serve("batched", session, requests, users, time, out);
        print(out, "%n%s", session.report());
        if (session.stats().batches().rows().mean() < FEW_SHARED) {
          print(out, "%nHardly a call shared a run: the lines on batching say why.");
        }
      }
    } finally {
      requests.forEach(Batch::close);
    }
    print(out, "%nBatched, %.2f times as many requests are answered.", batched / plain);
    return batched / plain;
  }

  /** Shows how it goes while users ask; returns the requests answered in a second. */
  private static double serve(
      String name,
      Session session,
      List<Batch> requests,
      int users,
      Duration time,
      PrintStream out) {
    List<Thread> threads = new ArrayList<>();
    long start = System.nanoTime();
    long end = start + time.toNanos();
    for (int user = 0; user < users; user++) {
      int first = user;
      threads.add(new Thread(() -> ask(session, requests, first, end), "user-" + user));
    }
    threads.forEach(Thread::start);
    while (System.nanoTime() < end) {
      pause(Math.min(250, 1 + (end - System.nanoTime()) / 1_000_000));
      out.print("\r" + row(name, session.stats(), System.nanoTime() - start));
      out.flush();
    }
    long served = System.nanoTime() - start;
    SessionStats stats = session.stats();
    print(out, "\r%s", row(name, stats, served));
    threads.forEach(ManyCallers::join);
    return perSecond(stats, served);
  }

  private static void ask(Session session, List<Batch> requests, int first, long end) {
    for (int i = first; System.nanoTime() < end; i++) {
      session.run(requests.get(i % requests.size())).close();
    }
  }

  private static String row(String name, SessionStats stats, long nanos) {
    return String.format(
        Locale.ROOT,
        "%-10s  %10.0f  %8.1f  %8.1f  %14.1f  %6.0f %%",
        name,
        perSecond(stats, nanos),
        stats.total().percentile(50) / 1e6,
        stats.total().percentile(99) / 1e6,
        stats.batches().rows().mean(),
        100 * stats.batches().paddingShare());
  }

  private static double perSecond(SessionStats stats, long nanos) {
    return stats.total().count() * 1e9 / nanos;
  }

  /** The inputs of the model for each text. */
  private static List<Batch> requests(List<String> texts) throws IOException {
    List<Batch> requests = new ArrayList<>();
    try (InputStream json =
            ManyCallers.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json");
        HuggingFaceTokenizer tokenizer =
            HuggingFaceTokenizer.newInstance(
                Objects.requireNonNull(json), Map.of("padding", "false"))) {
      for (Encoding tokens : tokenizer.batchEncode(texts)) {
        requests.add(
            Batch.of(
                "input_ids", Tensor.of(new long[][] {tokens.getIds()}),
                "attention_mask", Tensor.of(new long[][] {tokens.getAttentionMask()}),
                "token_type_ids", Tensor.of(new long[][] {tokens.getTypeIds()})));
      }
    }
    return requests;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException("Interrupted while users were being served.", e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("Interrupted while users were being served.", e);
    }
  }

  private static void print(PrintStream out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
