package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.contract.ReferenceModel;
import dev.hone.contract.Samples;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.FakeCuda;
import dev.hone.cuda.device.MemoryLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Threads that run, cancel, open and close sessions which capture graphs, while memory is taken and
 * given back, on one fake device: what one does must not break what another captures or copies.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@ExtendWith(NoLeaks.class)
class LaneStormTest {
  private static final ReferenceModel MODEL = ReferenceModel.affine();
  private static final int STORMS = 20;
  private static final int THREADS = 4;
  private static final int STEPS = 60;

  @Test
  void nothingBreaksACaptureAndEveryAnswerIsRight() throws Exception {
    long replayed = 0;
    for (int seed = 0; seed < STORMS; seed++) {
      replayed += new Storm(seed).run();
    }
    assertThat(replayed).isGreaterThan(STORMS);
  }

  /** One storm, on a device of its own. */
  private static final class Storm {
    private final int seed;
    private final FakeCuda cuda;
    private final CudaDevice device;
    private final LaneSession stays;
    private final LaneSession goes;
    private volatile boolean gone;

    Storm(int seed) {
      this.seed = seed;
      this.cuda = new FakeCuda(seed);
      this.device = new CudaDevice(cuda, "cuda:0", new MemoryLimits(1 << 20, 0, 1 << 20, 0));
      this.stays = open(device);
      this.goes = open();
    }

    private LaneSession open() {
      return open(new CudaDevice(cuda, "cuda:0", MemoryLimits.DEFAULT));
    }

    private LaneSession open(CudaDevice on) {
      return LaneSession.open(
          on, new ReferenceStreamModel(cuda, MODEL), FakeLanes.settings(2, 2), on::close);
    }

    /** How many runs were replays. */
    long run() throws Exception {
      ExecutorService threads = Executors.newFixedThreadPool(THREADS);
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(threads.submit(() -> steps(thread)));
      }
      try {
        for (Future<?> each : all) {
          each.get();
        }
      } finally {
        threads.shutdownNow();
      }
      long replayed = stays.graphs().replayed();
      stays.close();
      cuda.verifyClean();
      return replayed;
    }

    private void steps(int thread) {
      Random random = new Random(31L * seed + thread);
      for (int step = 0; step < STEPS; step++) {
        if (thread == 0 && step == STEPS / 2) {
          gone = true;
          goes.close(); // while the others run on it
        }
        device.memory().take(256).close(); // nothing is kept, so both ask CUDA
        device.pinned().take(256).close();
        LaneSession session = random.nextBoolean() ? stays : goes;
        try {
          step(random, session);
        } catch (IllegalStateException e) {
          assertThat(gone && session == goes).as("closed, for it said %s", e).isTrue();
          assertThat(e).hasMessageContaining("was closed");
        }
      }
    }

    private void step(Random random, LaneSession session) {
      try (Batch in = Samples.affine(1 + random.nextInt(3), random.nextInt(100))) {
        switch (random.nextInt(10)) {
          case 0 -> cancelled(session, in);
          case 1 ->
              stopped(
                  session,
                  in,
                  RunOptions.DEFAULT.withTimeout(Duration.ofNanos(1 + random.nextInt(300_000))));
          case 2 -> later(session, in, random.nextBoolean());
          case 3 -> onDevice(in);
          case 4 -> opened(in);
          default -> verified(session, in, RunOptions.DEFAULT);
        }
      }
    }

    private static void verified(LaneSession session, Batch in, RunOptions options) {
      try (Batch out = session.run(in, options)) {
        MODEL.verify(in, out);
      }
    }

    private static void cancelled(LaneSession session, Batch in) {
      Cancellation cancellation = new Cancellation();
      Thread other = new Thread(cancellation::cancel);
      other.start();
      stopped(session, in, RunOptions.DEFAULT.withCancellation(cancellation));
    }

    private static void stopped(LaneSession session, Batch in, RunOptions options) {
      try {
        verified(session, in, options);
      } catch (CancelledException | DeadlineException e) {
        assertThat(options.isStoppable()).isTrue();
      }
    }

    private static void later(LaneSession session, Batch in, boolean cancel) {
      CompletableFuture<Batch> run = session.runAsync(in);
      boolean cancelled = cancel && run.cancel(true);
      try (Batch out = run.join()) {
        MODEL.verify(in, out);
      } catch (CancellationException e) {
        assertThat(cancelled).isTrue();
      } catch (CompletionException e) {
        if (e.getCause() instanceof IllegalStateException closed) {
          throw closed;
        }
        throw e;
      }
    }

    private void onDevice(Batch in) {
      long rows = in.tensor(0).shape().rows();
      try (Batch there = Batch.of("x", DeviceTensors.allocate(device, in.tensor(0).shape()));
          Batch outThere = Batch.of("y", DeviceTensors.allocate(device, Shape.of(rows, 2)));
          Batch out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(rows, 2)))) {
        DeviceTensors.copyToDevice(device, in.tensor(0), there.tensor(0));
        stays.run(there, outThere);
        DeviceTensors.copyToHost(device, outThere.tensor(0), out.tensor(0));
        MODEL.verify(in, out);
      }
    }

    private void opened(Batch in) {
      try (LaneSession session = open()) {
        for (int i = 0; i < 4; i++) {
          verified(session, in, RunOptions.DEFAULT);
        }
      }
    }
  }
}
