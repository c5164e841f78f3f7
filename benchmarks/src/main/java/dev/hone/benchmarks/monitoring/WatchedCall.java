package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.text.ParseException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;

/** Calls of one session on one thread, watched more or less closely. */
abstract class WatchedCall implements Rival {
  /** How closely. */
  enum Watch {
    /** Nothing is counted, nobody records. */
    NOT_WATCHED("not watched"),
    /** Everything is counted and scraped once a second, nobody records. */
    WATCHED("watched: all metrics on"),
    /** Everything is counted and scraped, and Flight Recorder records. */
    RECORDED("watched and recorded by Flight Recorder");

    private final String words;

    Watch(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }

    Side side() {
      return this == NOT_WATCHED ? Side.THEIRS : Side.OURS;
    }
  }

  final Session session;
  private final Watch watch;
  private final ScheduledExecutorService scraper = Executors.newSingleThreadScheduledExecutor();
  private @Nullable Recording recording;
  private volatile boolean onTurn;
  private long countedBefore;
  private long counted;
  private long calls;

  WatchedCall(Session session, Watch watch) {
    this.session = session;
    this.watch = watch;
    if (watch != Watch.NOT_WATCHED) {
      PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      new SessionMetrics("watched", session::stats).bindTo(registry);
      var unused = scraper.scheduleAtFixedRate(() -> scrape(registry), 1, 1, TimeUnit.SECONDS);
    }
  }

  private void scrape(PrometheusMeterRegistry registry) {
    if (onTurn) {
      registry.scrape();
    }
  }

  abstract void call();

  @Override
  public final void once() {
    call();
    calls++;
  }

  @Override
  public void beforeTurn() throws IOException, ParseException {
    if (watch == Watch.RECORDED) {
      recording = new Recording(Configuration.getConfiguration("default"));
      recording.start();
    }
    countedBefore = session.stats().count(Outcome.ANSWERED);
    onTurn = true;
  }

  @Override
  public void afterTurn() {
    onTurn = false;
    counted += session.stats().count(Outcome.ANSWERED) - countedBefore;
    if (recording != null) {
      recording.close();
    }
  }

  /** What is watched must have been counted, each call once. */
  @Override
  public void check() {
    long expected = watch == Watch.NOT_WATCHED ? 0 : calls;
    if (counted != expected) {
      throw new IllegalStateException(
          "There should be " + expected + " calls counted, but are " + counted + ".");
    }
  }

  @Override
  public void close() {
    scraper.shutdownNow();
  }

  /** Into tensors that the caller keeps. */
  static class Tiny extends WatchedCall {
    private final GemmModel gemm;
    private final float[] row;
    private final Batch in;
    private final Batch out;

    Tiny(GemmModel gemm, float[] row, Watch watch) {
      super(open(gemm, watch), watch);
      this.gemm = gemm;
      this.row = row;
      in = Batch.of("x", Tensor.of(row, 1, row.length));
      out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(1, gemm.outputWidth())));
    }

    private static Session open(GemmModel gemm, Watch watch) {
      SessionOptions.Builder options = SessionOptions.builder().threads(1);
      if (watch == Watch.NOT_WATCHED) {
        options.recorder(Recorder.disabled());
      }
      return Session.open(Model.load(gemm.bytes()), options.build());
    }

    @Override
    void call() {
      session.run(in, out);
    }

    @Override
    public void check() {
      super.check();
      gemm.check(row, out.get("y").toFloatArray());
    }

    @Override
    public void close() {
      super.close();
      in.close();
      out.close();
      session.close();
    }
  }

  /** With a fresh batch as result, closed at once; of a session that all of them share. */
  static final class Shared extends WatchedCall {
    private final Switch counting;
    private final boolean counts;
    private final Batch in;

    Shared(Session session, Switch counting, Batch in, Watch watch) {
      super(session, watch);
      this.counting = counting;
      this.counts = watch != Watch.NOT_WATCHED;
      this.in = in;
    }

    @Override
    public void beforeTurn() throws IOException, ParseException {
      counting.set(counts);
      super.beforeTurn();
    }

    @Override
    void call() {
      session.run(in).close();
    }
  }
}
