package dev.hone.cuda;

import dev.hone.onnx.gpu.GpuOptions;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a session uses an NVIDIA GPU. Immutable. The defaults are right for most programs.
 *
 * <pre>{@code
 * OnnxOptions.builder().gpu(CudaOptions.builder().memoryLimitBytes(4L << 30).build()).build();
 * }</pre>
 */
public final class CudaOptions implements GpuOptions {
  /** The defaults. */
  public static final CudaOptions DEFAULT = builder().build();

  private final Builder values;

  private CudaOptions(Builder values) {
    this.values = values;
  }

  /** Begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Begins with these options. */
  public Builder toBuilder() {
    return values.copy();
  }

  /** How the memory that a session keeps on the GPU grows. */
  public enum ArenaGrowth {
    /** By what is asked for: no more is taken than needed. */
    AS_REQUESTED("kSameAsRequested"),
    /** By doubling: fewer requests to the driver, and up to twice the memory. */
    DOUBLING("kNextPowerOfTwo");

    final String key;

    ArenaGrowth(String key) {
      this.key = key;
    }
  }

  /** How the kernel of a convolution is chosen, for each shape that comes for the first time. */
  public enum ConvolutionSearch {
    /** By what cuDNN knows: quick, and nearly always as good. */
    HEURISTIC,
    /** By running all that there are: slow for each new shape. */
    EXHAUSTIVE,
    /** The one that always works. */
    DEFAULT
  }

  /** How many bytes of the GPU's memory the session's arena may take; 0 for all there are. */
  public long memoryLimitBytes() {
    return values.memoryLimitBytes;
  }

  /** How the arena grows. */
  public ArenaGrowth arenaGrowth() {
    return values.arenaGrowth;
  }

  /** How the kernel of a convolution is chosen. */
  public ConvolutionSearch convolutionSearch() {
    return values.convolutionSearch;
  }

  /** Whether a convolution may take as much workspace as its fastest kernel wants. */
  public boolean maximalWorkspace() {
    return values.maximalWorkspace;
  }

  /** Whether products of FP32 may be computed in TF32. */
  public boolean tf32() {
    return values.tf32;
  }

  /** Whether copies wait for, and hold up, the work of the stream that computes. */
  public boolean copyInComputeStream() {
    return values.copyInComputeStream;
  }

  /** Whether convolutions are computed with channels last. */
  public boolean channelsLast() {
    return values.channelsLast;
  }

  /** Whether the sums of a layer normalization after a skip are kept in FP32. */
  public boolean strictLayerNorm() {
    return values.strictLayerNorm;
  }

  /** Whether the memory of a run is planned from the runs before. */
  public boolean memoryPattern() {
    return values.memoryPattern;
  }

  /** How many lanes a session has. */
  public int lanes() {
    return values.lanes;
  }

  /** For how many sets of shapes runs may become CUDA graphs; 0 for none. */
  public int graphShapes() {
    return values.graphShapes;
  }

  /** The options of ONNX Runtime's CUDA provider, by its own keys, for one GPU. */
  Map<String, String> providerOptions(int ordinal) {
    Map<String, String> options = new TreeMap<>();
    options.put("device_id", Integer.toString(ordinal));
    if (values.memoryLimitBytes > 0) {
      options.put("gpu_mem_limit", Long.toString(values.memoryLimitBytes));
    }
    options.put("arena_extend_strategy", values.arenaGrowth.key);
    options.put("cudnn_conv_algo_search", values.convolutionSearch.name());
    options.put("cudnn_conv_use_max_workspace", flag(values.maximalWorkspace));
    options.put("use_tf32", flag(values.tf32));
    options.put("do_copy_in_default_stream", flag(values.copyInComputeStream));
    options.put("prefer_nhwc", flag(values.channelsLast));
    options.put("enable_skip_layer_norm_strict_mode", flag(values.strictLayerNorm));
    return options;
  }

  private static String flag(boolean on) {
    return on ? "1" : "0";
  }

  /** Collects options. */
  public static final class Builder {
    private long memoryLimitBytes;
    private ArenaGrowth arenaGrowth = ArenaGrowth.AS_REQUESTED;
    private ConvolutionSearch convolutionSearch = ConvolutionSearch.HEURISTIC;
    private boolean maximalWorkspace = true;
    private boolean tf32 = true;
    private boolean copyInComputeStream = true;
    private boolean channelsLast;
    private boolean strictLayerNorm;
    private boolean memoryPattern;
    private int lanes = 1;
    private int graphShapes;

    private Builder() {}

    private Builder copy() {
      Builder copy = new Builder();
      copy.memoryLimitBytes = memoryLimitBytes;
      copy.arenaGrowth = arenaGrowth;
      copy.convolutionSearch = convolutionSearch;
      copy.maximalWorkspace = maximalWorkspace;
      copy.tf32 = tf32;
      copy.copyInComputeStream = copyInComputeStream;
      copy.channelsLast = channelsLast;
      copy.strictLayerNorm = strictLayerNorm;
      copy.memoryPattern = memoryPattern;
      copy.lanes = lanes;
      copy.graphShapes = graphShapes;
      return copy;
    }

    /**
     * How much of the GPU's memory the session's arena may take; by default, 0, all there is. What
     * CUDA and cuDNN take for themselves is not counted.
     *
     * @param bytes at least 1 MiB, or 0
     */
    public Builder memoryLimitBytes(long bytes) {
      if (bytes != 0 && bytes < 1 << 20) {
        throw new IllegalArgumentException(
            "The memory limit is in bytes and must be at least 1048576, or 0 for none, but is "
                + bytes
                + ".");
      }
      this.memoryLimitBytes = bytes;
      return this;
    }

    /** How the arena grows; {@link ArenaGrowth#AS_REQUESTED} by default. */
    public Builder arenaGrowth(ArenaGrowth growth) {
      this.arenaGrowth = growth;
      return this;
    }

    /**
     * How the kernel of a convolution is chosen; {@link ConvolutionSearch#HEURISTIC} by default,
     * because a search by running is done anew for each shape.
     */
    public Builder convolutionSearch(ConvolutionSearch search) {
      this.convolutionSearch = search;
      return this;
    }

    /** Lets a convolution take the workspace that its fastest kernel wants; on by default. */
    public Builder maximalWorkspace(boolean maximal) {
      this.maximalWorkspace = maximal;
      return this;
    }

    /**
     * Lets products of FP32 be computed in TF32, with 10 bits of fraction, on GPUs from Ampere on;
     * on by default, as in ONNX Runtime. Off for answers nearest to those of the CPU.
     */
    public Builder tf32(boolean tf32) {
      this.tf32 = tf32;
      return this;
    }

    /**
     * Lets copies run in the stream that computes, so that neither can read what the other has not
     * written yet; on by default, and safe.
     */
    public Builder copyInComputeStream(boolean same) {
      this.copyInComputeStream = same;
      return this;
    }

    /** Computes convolutions with channels last, as tensor cores like it; off by default. */
    public Builder channelsLast(boolean last) {
      this.channelsLast = last;
      return this;
    }

    /**
     * Keeps the sums of a layer normalization after a skip in FP32, for models whose FP16 answers
     * overflow; off by default.
     */
    public Builder strictLayerNorm(boolean strict) {
      this.strictLayerNorm = strict;
      return this;
    }

    /**
     * Plans the memory of a run from the runs before; off by default: with ONNX Runtime 1.24 memory
     * grows with it when several threads run one session.
     */
    public Builder memoryPattern(boolean pattern) {
      this.memoryPattern = pattern;
      return this;
    }

    /**
     * How many lanes a session has; 1 by default. On each, one run computes while the one before it
     * is copied out and the one after it is copied in. More let small runs compute side by side,
     * and each holds the model's weights once more. A {@link dev.hone.batching.Batcher} runs two
     * batches a lane at once, unless its policy says how many.
     *
     * @param count at least 1
     */
    public Builder lanes(int count) {
      if (count < 1) {
        throw new IllegalArgumentException(
            "A session needs at least 1 lane, but is given " + count + ".");
      }
      this.lanes = count;
      return this;
    }

    /**
     * Lets runs become CUDA graphs; by default, 0, none do. A graph is all that a run asks of the
     * GPU, captured once and then queued again as a whole. That is meant for small models and small
     * batches, where the host takes longer to ask for the kernels than the GPU to run them; where
     * the kernels are long it gains nothing.
     *
     * <p>A graph is for one set of shapes of all inputs and outputs: two runs of these shapes go
     * without one, the next is captured, and the later ones are replays. So it needs few shapes
     * that come again and again: fixed sizes of batches, and texts padded to a few lengths. Shapes
     * beyond this number run without a graph. Each keeps GPU memory for its inputs and outputs, and
     * for what ONNX Runtime captured, in both slots of every lane, until the session is closed.
     *
     * <p>Runs go without a graph, and the session's report says so, where the model has loops or
     * branches, where ONNX Runtime computes a part of it on the CPU, where only the run tells an
     * output's shape, where {@code OnnxOptions.arenaShrink} is on, and where capturing fails. Runs
     * on tensors of {@link GpuMemory} go without one too, because a graph keeps its addresses, and
     * so do all runs of models with sequences. While one is captured, lanes, {@link GpuMemory} and
     * sessions that are being opened wait. A capture waits for them for two milliseconds at most:
     * then the run goes without a graph, and a later one of the same shapes is captured, so that
     * none is while a session is being opened, and serving goes on. What others allocate on a GPU
     * during a capture, the runs of models with sequences among them, makes it fail. A deadline
     * that passes during a capture or a replay is noticed after it.
     *
     * @param count for how many sets of shapes each of a lane's two slots may capture one; 0 for
     *     none
     */
    public Builder graphShapes(int count) {
      if (count < 0) {
        throw new IllegalArgumentException(
            "CUDA graphs are for a number of sets of shapes, or 0 for none, but it is "
                + count
                + ".");
      }
      this.graphShapes = count;
      return this;
    }

    /** The options. */
    public CudaOptions build() {
      return new CudaOptions(copy());
    }
  }
}
