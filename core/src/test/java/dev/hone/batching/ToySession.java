package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.InputCheck;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A text model in miniature: {@code input_ids} and {@code attention_mask} INT64[batch, sequence] to
 * {@code tokens} FLOAT32[batch, sequence, 3] and {@code pooled} FLOAT32[batch, 2]. Every element
 * depends on all tokens of its row that the mask lets through, in a way that is exact, so answers
 * can be compared bit for bit. Faults are set by tests, and what ran is counted.
 */
final class ToySession implements Session {
  static final long POISON = 666;

  /** What may go wrong in a run. */
  interface Fault {
    /** Called with the inputs before anything is computed; may throw, or wait. */
    void before(Batch in, RunOptions options);
  }

  /** How a toy model is made. */
  enum Trait {
    /** A row's results depend on all rows. */
    MIXES_ROWS,
    /** The mask is there, but not looked at. */
    IGNORES_MASK,
    /** There is no mask. */
    NO_MASK,
    /** The first dimension is 1. */
    FIXED_BATCH,
    /** One more output that has no rows. */
    ROWLESS_OUTPUT,
    /** A state goes in and out whose rows stand second: FLOAT32[2, batch]. */
    LAYERED_STATE,
    /** A state goes in and out by rows: FLOAT32[batch, 2]. */
    ROW_STATE,
    /** One more input that has no rows: INT64 without dimensions. */
    SCALAR_INPUT,
    /** It takes ids up to 1 only. */
    TINY_VOCABULARY,
    /** It takes no made-up ids at all. */
    NO_VOCABULARY
  }

  private final List<Trait> traits;
  private final Signature signature;
  private final InputCheck check;
  volatile Fault fault = (in, options) -> {};
  final AtomicInteger runs = new AtomicInteger();
  final AtomicInteger largestRun = new AtomicInteger();
  final AtomicInteger underWay = new AtomicInteger();
  private volatile boolean closed;

  ToySession(Trait... traits) {
    this.traits = List.of(traits);
    this.signature = signature(this.traits);
    this.check = new InputCheck(signature);
  }

  private static Signature signature(List<Trait> traits) {
    Dimension rows = traits.contains(Trait.FIXED_BATCH) ? Dimension.of(1) : Dimension.of("batch");
    Dimension length = Dimension.of("sequence");
    List<Value> inputs = new ArrayList<>();
    inputs.add(Value.tensor("input_ids", DataType.INT64, rows, length));
    if (!traits.contains(Trait.NO_MASK)) {
      inputs.add(Value.tensor("attention_mask", DataType.INT64, rows, length));
    }
    List<Value> outputs = new ArrayList<>();
    outputs.add(Value.tensor("tokens", DataType.FLOAT32, rows, length, Dimension.of(3)));
    outputs.add(Value.tensor("pooled", DataType.FLOAT32, rows, Dimension.of(2)));
    if (traits.contains(Trait.ROWLESS_OUTPUT)) {
      outputs.add(Value.tensor("total", DataType.FLOAT32, Dimension.unknown()));
    }
    if (traits.contains(Trait.LAYERED_STATE)) {
      inputs.add(Value.tensor("state", DataType.FLOAT32, Dimension.of(2), rows));
      outputs.add(Value.tensor("next", DataType.FLOAT32, Dimension.of(2), rows));
    }
    if (traits.contains(Trait.ROW_STATE)) {
      inputs.add(Value.tensor("state", DataType.FLOAT32, rows, Dimension.of(2)));
      outputs.add(Value.tensor("next", DataType.FLOAT32, rows, Dimension.of(2)));
    }
    if (traits.contains(Trait.SCALAR_INPUT)) {
      inputs.add(Value.tensor("rate", DataType.INT64));
    }
    return new Signature(inputs, outputs);
  }

  /** Times for tests that must not depend on a clock: so much for a run, whatever it holds. */
  static CostGrid costs(long nanosPerRun) {
    CostGrid grid = new CostGrid(true);
    for (int length = 0; length < CostModel.lengthNodes(true); length++) {
      for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
        grid.put(length, rows, (double) nanosPerRun);
      }
    }
    return grid;
  }

  /** Inputs of rows with these ids. */
  static Batch input(long[]... ids) {
    long[][] mask = new long[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      mask[i] = new long[ids[i].length];
      Arrays.fill(mask[i], 1);
    }
    return Batch.of(
        "input_ids", Tensor.of(Batch.pad(ids, 9)), "attention_mask", Tensor.of(Batch.pad(mask, 0)));
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    begin(in, options);
    try {
      Map<String, Tensor> all = compute(in);
      List<String> names =
          options.outputs().isEmpty() ? signature.outputNames() : options.outputs();
      all.forEach(
          (name, tensor) -> {
            if (!names.contains(name)) {
              tensor.close();
            }
          });
      return Batch.of(names, names.stream().map(name -> tensorOf(all, name)).toList());
    } finally {
      underWay.decrementAndGet();
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    begin(in, options);
    try {
      Map<String, Tensor> all = compute(in);
      all.forEach(
          (name, tensor) -> {
            if (out.indexOf(name) >= 0) {
              out.get(name).copyFrom(tensor);
            }
            tensor.close();
          });
    } finally {
      underWay.decrementAndGet();
    }
  }

  private static Tensor tensorOf(Map<String, Tensor> all, String name) {
    Tensor tensor = all.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("No output " + name);
    }
    return tensor;
  }

  private void begin(Batch in, RunOptions options) {
    if (closed) {
      throw new IllegalStateException("The toy session was closed.");
    }
    check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]);
    underWay.incrementAndGet();
    runs.incrementAndGet();
    int rows = (int) in.get("input_ids").shape().rows();
    largestRun.accumulateAndGet(rows, Math::max);
    try {
      fault.before(in, options);
    } catch (RuntimeException | Error e) {
      underWay.decrementAndGet();
      throw e;
    }
  }

  private Map<String, Tensor> compute(Batch in) {
    Shape shape = in.get("input_ids").shape();
    int rows = (int) shape.rows();
    int length = (int) shape.length(1);
    long[] ids = in.get("input_ids").toLongArray();
    long[] mask = traits.contains(Trait.NO_MASK) ? null : in.get("attention_mask").toLongArray();
    requireKnown(ids);
    float[] tokens = new float[rows * length * 3];
    float[] pooled = new float[rows * 2];
    long all = 0;
    for (long id : ids) {
      all += id;
    }
    for (int row = 0; row < rows; row++) {
      long sum = traits.contains(Trait.MIXES_ROWS) ? all : 0;
      for (int i = 0; i < length; i++) {
        if (counts(mask, row * length + i)) {
          sum = (sum * 31 + ids[row * length + i] + 7) & 0xfffff;
        }
      }
      for (int i = 0; i < length * 3; i++) {
        long own = ids[row * length + i / 3] * (i % 3 + 1);
        tokens[row * length * 3 + i] = (float) (sum + own);
      }
      pooled[row * 2] = (float) sum;
      pooled[row * 2 + 1] = (float) -sum;
    }
    Map<String, Tensor> results = new LinkedHashMap<>();
    results.put("tokens", Tensor.of(tokens, rows, length, 3));
    results.put("pooled", Tensor.of(pooled, rows, 2));
    if (traits.contains(Trait.ROWLESS_OUTPUT)) {
      results.put("total", Tensor.of(new float[] {(float) all}));
    }
    if (in.indexOf("state") >= 0) {
      results.put("next", nextState(in, pooled));
    }
    return results;
  }

  /** Each of a row's two numbers becomes another one that depends on it and on the row's tokens. */
  private Tensor nextState(Batch in, float[] pooled) {
    Tensor state = in.get("state");
    int rows = pooled.length / 2;
    float rate = in.indexOf("rate") < 0 ? 1 : in.get("rate").toLongArray()[0];
    float[] next = state.toFloatArray();
    for (int i = 0; i < next.length; i++) {
      int row = traits.contains(Trait.LAYERED_STATE) ? i % rows : i / 2;
      next[i] = (next[i] * 3 + rate * (pooled[2 * row] % 1024)) % 65536;
    }
    return Tensor.of(next, state.shape().toArray());
  }

  private boolean counts(long @Nullable [] mask, int index) {
    return mask == null || traits.contains(Trait.IGNORES_MASK) || mask[index] == 1;
  }

  private void requireKnown(long[] ids) {
    for (long id : ids) {
      boolean unknown =
          (traits.contains(Trait.TINY_VOCABULARY) && id > 1)
              || (traits.contains(Trait.NO_VOCABULARY) && id < 1000);
      if (unknown) {
        throw new HoneException("Id " + id + " is not in the vocabulary.");
      }
      if (id == POISON) {
        throw new HoneException("Poison.");
      }
    }
  }

  @Override
  public Signature signature() {
    return signature;
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
    return new SessionReport("toy", device(), precision(), 1, List.of(), List.of());
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    try {
      return CompletableFuture.completedFuture(run(in, options));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public String toString() {
    return "toy";
  }

  @Override
  public void close() {
    if (underWay.get() != 0) {
      throw new AssertionError("closed while " + underWay + " runs were under way");
    }
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }
}
