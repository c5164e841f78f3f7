package dev.hone.benchmarks.call;

import dev.hone.benchmarks.inputs.GemmModel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One call of a network so small that the way into the runtime is what it costs. One thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallBenchmark {
  /** The way. */
  @Param public CallPath path = CallPath.BARE_BINDING;

  private final GemmModel model = new GemmModel(16, 32, 4);
  private final float[] row = model.row(1);

  @SuppressWarnings("NullAway.Init") // by open()
  private Call call;

  /** Opens the session. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    call = path.open(model, row);
  }

  /** The call. */
  @Benchmark
  public void call() throws Exception {
    call.once();
  }

  /** Checks the last output, and closes. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    try {
      model.check(row, call.output());
    } finally {
      call.close();
    }
  }
}
