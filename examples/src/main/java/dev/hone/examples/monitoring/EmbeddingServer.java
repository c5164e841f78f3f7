package dev.hone.examples.monitoring;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.hone.HoneException;
import dev.hone.RunOptions;
import dev.hone.metrics.SessionMetrics;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves embeddings over HTTP and can be watched while it does.
 *
 * <pre>
 *   POST /embed     a text in, its vector out as a JSON array
 *   GET  /metrics   what Prometheus scrapes
 *   GET  /ready     200 while it takes requests, 503 when it drains
 *   GET  /live      200 while a canary, or anybody else, comes through the real queue
 * </pre>
 *
 * <p>On SIGTERM it first says that it is not ready, goes on answering for as long as load balancers
 * need to notice, finishes what it has accepted, and then ends.
 */
public final class EmbeddingServer implements AutoCloseable {
  private static final int PORT = 8080;
  private static final int MAX_TEXT_BYTES = 64 << 10;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final String SESSION = "minilm";

  private final HttpServer http;
  // As many as there are requests: the session refuses what it has no room for, so that probes are
  // answered, and queueing is seen where it is measured.
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final TextEmbedder embedder;
  private final Duration drain;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong answeredBefore = new AtomicLong(-1); // when the canary last failed
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile boolean draining;

  /**
   * Opens the models and begins to serve.
   *
   * @param port the port; 0 for any that is free
   * @param drain how long it goes on answering after it has said that it is not ready
   */
  EmbeddingServer(int port, Duration drain) throws IOException {
    this(port, drain, EmbeddingSession::open);
  }

  /** The same with another session, which it owns. */
  EmbeddingServer(int port, Duration drain, Opening opening) throws IOException {
    this.drain = drain;
    this.http = HttpServer.create(new InetSocketAddress(port), 512); // first: the port may be taken
    Shadow session = opening.open();
    this.embedder = new TextEmbedder(session);
    new SessionMetrics(SESSION, session::stats).bindTo(registry);
    new ShadowMetrics(SESSION, session::shadowStats).bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    http.setExecutor(threads);
    http.createContext("/embed", exchange -> answer(exchange, this::embed));
    http.createContext("/metrics", exchange -> answer(exchange, e -> ok(registry.scrape())));
    http.createContext("/ready", exchange -> answer(exchange, this::ready));
    http.createContext("/live", exchange -> answer(exchange, this::live));
    http.start();
    System.out.println(session.report());
  }

  /**
   * Serves until it is told to end.
   *
   * @param args the port, 8080 if left out, and how many seconds to drain, 5 if left out
   */
  public static void main(String... args) throws IOException {
    String[] words = String.join(" ", args).strip().split(" +", -1);
    try {
      int port = words[0].isEmpty() ? PORT : Integer.parseInt(words[0]);
      int seconds = words.length > 1 ? Integer.parseInt(words[1]) : 5;
      EmbeddingServer server = new EmbeddingServer(port, Duration.ofSeconds(seconds));
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "drain"));
      System.out.println("Ready: curl -d 'some text' http://localhost:" + server.port() + "/embed");
    } catch (NumberFormatException e) {
      System.err.println("Give a port, and how many seconds to drain: -Dargs=\"8081 5\".");
      System.exit(1);
    } catch (BindException e) {
      System.err.println("The port is in use. Give another one: -Dargs=8081.");
      System.exit(1);
    }
  }

  /** Opens the session that answers. */
  interface Opening {
    Shadow open() throws IOException;
  }

  int port() {
    return http.getAddress().getPort();
  }

  // ---- what it answers

  private record Answer(int status, String body) {}

  private interface Handler {
    Answer answer(HttpExchange exchange) throws IOException;
  }

  private static Answer ok(String body) {
    return new Answer(200, body);
  }

  private Answer embed(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      return new Answer(405, "POST a text.");
    }
    byte[] body = exchange.getRequestBody().readNBytes(MAX_TEXT_BYTES + 1);
    String text = new String(body, StandardCharsets.UTF_8).strip();
    if (text.isEmpty() || body.length > MAX_TEXT_BYTES) {
      return new Answer(400, "POST a text of 1 to " + MAX_TEXT_BYTES + " bytes.");
    }
    try {
      float[] vector = embedder.embed(text, RunOptions.DEFAULT.withTimeout(TIMEOUT));
      answered.incrementAndGet();
      return ok(json(vector));
    } catch (HoneException.OverloadException e) {
      long seconds = Math.max(1, Math.round(e.retryAfter().toMillis() / 1e3));
      exchange.getResponseHeaders().set("Retry-After", Long.toString(seconds));
      return new Answer(503, String.valueOf(e.getMessage()));
    } catch (HoneException.DeadlineException e) {
      return new Answer(504, String.valueOf(e.getMessage()));
    }
  }

  private static String json(float[] vector) {
    StringBuilder json = new StringBuilder("[");
    for (float value : vector) {
      json.append(json.length() == 1 ? "" : ",");
      json.append(String.format(Locale.ROOT, "%.6f", value));
    }
    return json.append("]").toString();
  }

  private Answer ready(HttpExchange exchange) {
    return draining ? new Answer(503, "draining") : ok("ready");
  }

  /**
   * A server that is merely busy is alive: ending it would only add to the load of the others. So a
   * canary that finds no room, or that comes too late, counts as life as long as others are
   * answered.
   */
  private Answer live(HttpExchange exchange) {
    try {
      embedder.embed("canary", RunOptions.DEFAULT.withTimeout(TIMEOUT));
      return ok("alive");
    } catch (HoneException e) {
      long now = answered.get();
      boolean moves = now != answeredBefore.getAndSet(now);
      return moves ? ok("alive, and busy") : new Answer(503, String.valueOf(e.getMessage()));
    }
  }

  private void answer(HttpExchange exchange, Handler handler) throws IOException {
    underWay.incrementAndGet();
    try (exchange) {
      Answer answer;
      try {
        answer = handler.answer(exchange);
      } catch (RuntimeException e) {
        answer = new Answer(500, String.valueOf(e.getMessage()));
      }
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      if (draining) {
        exchange.getResponseHeaders().set("Connection", "close");
      }
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    } finally {
      underWay.decrementAndGet();
    }
  }

  // ---- how it ends

  /** Drains, then closes everything. */
  @Override
  public void close() {
    draining = true;
    try {
      Thread.sleep(drain.toMillis()); // load balancers see "not ready" and send no more
      while (underWay.get() > 0) {
        Thread.sleep(10);
      }
      http.stop(1); // a request that slipped in still has a second
      threads.shutdown();
      threads.awaitTermination(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // then at once
    }
    embedder.close();
  }
}
