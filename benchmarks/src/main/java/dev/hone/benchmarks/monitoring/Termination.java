package dev.hone.benchmarks.monitoring;

import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.examples.monitoring.EmbeddingServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The example's server in a process of its own, told to end while sixteen callers ask it without
 * pause. They stop, as a load balancer would, when the server says that it is not ready.
 */
final class Termination {
  private static final String ANSWERED = "requests answered";
  private static final String LOST = "requests lost";
  private static final int CALLERS = 16;
  private static final int DRAIN_SECONDS = 2;
  private static final Duration STARTING = Duration.ofMinutes(3);

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> texts = Texts.mixed(64, 51);
  private final LongAdder answered = new LongAdder();
  private final LongAdder lost = new LongAdder();
  private volatile boolean stopping;

  private Termination() {}

  static void measure(Effort effort, Answer answer) throws Exception {
    Table table =
        answer.add(
            new Table(
                "SIGTERM under load, 16 callers",
                Column.higher(ANSWERED, "requests"),
                Column.lower(LOST, "requests")));
    int ends = effort.pick(1, 1, 10);
    long lost = 0;
    long answered = 0;
    for (int i = 0; i < ends; i++) {
      Progress.say("SIGTERM under load, " + (i + 1) + " of " + ends);
      Termination termination = new Termination();
      termination.once();
      lost += termination.lost.sum();
      answered += termination.answered.sum();
    }
    table
        .row("example server, told to end " + (ends == 1 ? "once" : ends + " times"), Side.OURS)
        .set(ANSWERED, (double) answered)
        .set(LOST, (double) lost);
    answer.figure("monitoring.sigterm.lost", (double) lost);
    answer.note(
        "The server of examples/monitoring runs in a process of its own. What it accepts until its"
            + " callers see that it is not ready must be answered with status 200; anything else,"
            + " and a connection that breaks, counts as lost.");
  }

  private void once() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Process server = start(port);
    try {
      awaitReady(server, port);
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        int first = i;
        Thread caller = new Thread(() -> call(port, first));
        callers.add(caller);
        caller.start();
      }
      TimeUnit.SECONDS.sleep(2);
      server.destroy(); // SIGTERM
      while (status(port, "/ready", "") == 200) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      stopping = true;
      for (Thread caller : callers) {
        caller.join();
      }
      if (!server.waitFor(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("The server did not end within 30 s.");
      }
    } finally {
      server.destroyForcibly();
    }
  }

  private void call(int port, int first) {
    for (int i = first; !stopping; i++) {
      (status(port, "/embed", texts.get(i % texts.size())) == 200 ? answered : lost).increment();
    }
  }

  /** The status of an answer; 0 if there was none. */
  private int status(int port, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(20));
    if (!body.isEmpty()) {
      request.POST(HttpRequest.BodyPublishers.ofString(body));
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private void awaitReady(Process server, int port) throws InterruptedException {
    long end = System.nanoTime() + STARTING.toNanos();
    while (status(port, "/ready", "") != 200) {
      if (!server.isAlive() || System.nanoTime() > end) {
        throw new IllegalStateException("The server did not start; its log says why.");
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private static Process start(int port) throws IOException {
    Path folder = SmallModels.folder();
    Files.createDirectories(folder);
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-DDJL_CACHE_DIR=" + System.getProperty("DJL_CACHE_DIR", "target/djl"),
            "-Dhone.cache=" + folder.resolve("server"),
            "-Dai.djl.offline=true",
            "-DRUST_FLAVOR=cpu",
            "-classpath",
            System.getProperty("java.class.path"),
            EmbeddingServer.class.getName(),
            port + " " + DRAIN_SECONDS)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("server.log").toFile())
        .start();
  }
}
