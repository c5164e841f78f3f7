package dev.hone.fake;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Signature;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model that is a Java function, for unit tests that need no model file and no native library.
 *
 * <pre>{@code
 * Signature signature =
 *     new Signature(
 *         List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("batch"))),
 *         List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("batch"))));
 * FakeModel twice = FakeModel.of(signature, in -> {
 *   float[] values = in.get("x").toFloatArray();
 *   for (int i = 0; i < values.length; i++) {
 *     values[i] *= 2;
 *   }
 *   return Batch.of("y", Tensor.of(values));
 * });
 * try (Session session = Session.open(twice)) { ... }
 * }</pre>
 *
 * <p>Immutable: each {@code with} method gives a changed copy. Sessions call the function from
 * every thread that runs them, so it must be thread-safe.
 */
public final class FakeModel implements Model {
  private static final ModelSource SOURCE =
      new ModelSource.OfBytes(ByteBuffer.allocate(0), "fake model", null);

  private final Signature signature;
  private final Function<Batch, Batch> function;
  private final Function<Batch, Duration> delay;
  private final Supplier<? extends @Nullable RuntimeException> failure;

  private FakeModel(
      Signature signature,
      Function<Batch, Batch> function,
      Function<Batch, Duration> delay,
      Supplier<? extends @Nullable RuntimeException> failure) {
    this.signature = signature;
    this.function = function;
    this.delay = delay;
    this.failure = failure;
  }

  /**
   * A model that computes a function.
   *
   * @param signature what the function takes and gives; sessions check both
   * @param function gives a new batch with all outputs. Its argument is a copy that goes when the
   *     function returns, so it must not give back a tensor of it
   */
  public static FakeModel of(Signature signature, Function<Batch, Batch> function) {
    return new FakeModel(signature, function, in -> Duration.ZERO, () -> null);
  }

  /** Each run takes this long before it computes. A deadline or a cancellation ends the wait. */
  public FakeModel withDelay(Duration delay) {
    return withDelay(in -> delay);
  }

  /** As {@link #withDelay(Duration)}, by what comes in: for example so long for each row. */
  public FakeModel withDelay(Function<Batch, Duration> delay) {
    return new FakeModel(signature, function, delay, failure);
  }

  /**
   * Runs fail when a test wants it.
   *
   * @param failure asked by each run; what it gives is thrown, and null lets the run succeed
   */
  public FakeModel withFailure(Supplier<? extends @Nullable RuntimeException> failure) {
    return new FakeModel(signature, function, delay, failure);
  }

  Batch compute(Batch in) {
    return function.apply(in);
  }

  Duration delay(Batch in) {
    return delay.apply(in);
  }

  @Nullable RuntimeException failure() {
    return failure.get();
  }

  @Override
  public ModelSource source() {
    return SOURCE;
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of("producer", "dev.hone.fake");
  }

  /** Always 0: a function has no weights. */
  @Override
  public long parameterCount() {
    return 0;
  }

  /** Always 0. */
  @Override
  public long parameterBytes() {
    return 0;
  }
}
