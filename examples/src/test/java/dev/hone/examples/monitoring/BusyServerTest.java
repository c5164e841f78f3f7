package dev.hone.examples.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.metrics.SessionStats;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The server over a model that does what a test wants. */
class BusyServerTest {
  private static final Signature SIGNATURE =
      new Signature(
          Stream.of("input_ids", "attention_mask", "token_type_ids")
              .map(name -> tokens(name, DataType.INT64))
              .toList(),
          List.of(tokens("last_hidden_state", DataType.FLOAT32, Dimension.of(384))));

  private volatile boolean overloaded;
  private final CountDownLatch go = new CountDownLatch(1);
  private final AtomicInteger arrived = new AtomicInteger();

  private static Value tokens(String name, DataType type, Dimension... more) {
    List<Dimension> dimensions = new ArrayList<>();
    dimensions.add(Dimension.of("rows"));
    dimensions.add(Dimension.of("tokens"));
    dimensions.addAll(List.of(more));
    return Value.tensor(name, type, dimensions.toArray(Dimension[]::new));
  }

  private Batch answer(Batch in) {
    arrived.incrementAndGet();
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (overloaded) {
      throw new HoneException.OverloadException("No room.", Duration.ofSeconds(1));
    }
    long tokens = in.get("input_ids").shape().length(1);
    return Batch.of(
        "last_hidden_state", Tensor.allocate(DataType.FLOAT32, Shape.of(1, tokens, 384)));
  }

  private Shadow open() {
    return Shadow.of(
        new Scripted(this::answer),
        new Scripted(this::answer),
        ShadowPolicy.builder().sampledShare(1e-9).build());
  }

  @Test
  void aServerThatRefusesTheCanaryIsAliveAsLongAsItAnswersOthers() throws IOException {
    go.countDown();
    try (EmbeddingServer server = new EmbeddingServer(0, Duration.ZERO, this::open)) {
      Http http = new Http(server.port());
      http.post("/embed", "a text");
      overloaded = true;
      assertThat(http.get("/live").body()).isEqualTo("alive, and busy");
      assertThat(http.get("/live").statusCode()).as("nobody was answered since").isEqualTo(503);
      overloaded = false;
      http.post("/embed", "a text");
      overloaded = true;
      assertThat(http.get("/live").body()).isEqualTo("alive, and busy");
    }
  }

  @Test
  void probesAndMetricsAreAnsweredHoweverManyRequestsWait() throws IOException {
    try (EmbeddingServer server = new EmbeddingServer(0, Duration.ZERO, this::open)) {
      Http http = new Http(server.port());
      ExecutorService callers = Executors.newCachedThreadPool();
      List<CompletableFuture<Integer>> waiting = new ArrayList<>();
      for (int i = 0; i < 80; i++) {
        waiting.add(CompletableFuture.supplyAsync(() -> status(http), callers));
      }
      while (arrived.get() < 64) {
        Thread.onSpinWait();
      }
      try {
        assertThat(http.get("/ready").statusCode()).isEqualTo(200);
        assertThat(http.get("/metrics").body()).contains("inference_requests_total");
      } finally {
        go.countDown();
        callers.shutdown();
      }
      assertThat(waiting).allSatisfy(request -> assertThat(request.join()).isEqualTo(200));
    }
  }

  private static int status(Http http) {
    try {
      return http.post("/embed", "a text").statusCode();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A session that answers as it is told. */
  private record Scripted(UnaryOperator<Batch> answer) implements Session {
    @Override
    public Signature signature() {
      return SIGNATURE;
    }

    @Override
    public Device device() {
      return Device.cpu();
    }

    @Override
    public Precision precision() {
      return Precision.FP32;
    }

    @Override
    public SessionReport report() {
      return new SessionReport("scripted", device(), precision(), 1, List.of(), List.of());
    }

    @Override
    public SessionStats stats() {
      return SessionStats.EMPTY;
    }

    @Override
    public Batch run(Batch in, RunOptions options) {
      return answer.apply(in);
    }

    @Override
    public void run(Batch in, Batch out, RunOptions options) {
      throw new UnsupportedOperationException("The server brings no targets.");
    }

    @Override
    public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
      return CompletableFuture.completedFuture(run(in, options));
    }

    @Override
    public void close() {}
  }
}
