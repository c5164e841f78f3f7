package dev.hone.onnx;

import dev.hone.RuntimeOptions;
import dev.hone.onnx.gpu.GpuOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What ONNX Runtime can be told about a session beyond {@link dev.hone.SessionOptions}. Immutable.
 * The defaults are right for most programs.
 *
 * <pre>{@code
 * SessionOptions.builder().runtime(OnnxOptions.builder().spinning(true).build()).build();
 * }</pre>
 */
public final class OnnxOptions implements RuntimeOptions {
  /** The defaults. */
  public static final OnnxOptions DEFAULT = builder().build();

  private final Builder values;

  private OnnxOptions(Builder values) {
    this.values = values;
  }

  /** The defaults, with this way to bring a model to another precision. */
  public static OnnxOptions of(Quantization quantization) {
    return builder().quantization(quantization).build();
  }

  /** Begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Begins with these options. */
  public Builder toBuilder() {
    return values.copy();
  }

  /** How far the runtime rewrites the graph at opening. */
  public enum Optimization {
    /** Not at all: each operator of the file runs as it is. For finding faults. */
    NONE,
    /** Rewrites that keep the operators of the standard, such as folding constants. */
    BASIC,
    /** Also fuses operators into the runtime's own. */
    EXTENDED,
    /** Also changes the layout of memory for this processor. The fastest, and the default. */
    ALL
  }

  /** How far the runtime rewrites the graph. */
  public Optimization optimization() {
    return values.optimization;
  }

  /** Threads that run independent parts of the graph at once; 1 runs them in sequence. */
  public int branchThreads() {
    return values.branchThreads;
  }

  /** Whether threads wait busily between operators. */
  public boolean spinning() {
    return values.spinning;
  }

  /** Whether memory is kept from run to run. */
  public boolean arena() {
    return values.arena;
  }

  /** Whether the kept memory is given back after each run. */
  public boolean arenaShrink() {
    return values.arenaShrink;
  }

  /** Whether the memory of a run is planned from the runs before. */
  public boolean memoryPattern() {
    return values.memoryPattern;
  }

  /** Whether only kernels run that repeat to the last bit. */
  public boolean deterministic() {
    return values.deterministic;
  }

  /** The beginning of the name of the profile that is written when the session closes. */
  public Optional<Path> profile() {
    return Optional.ofNullable(values.profile);
  }

  /** Where the rewritten model is written at opening. */
  public Optional<Path> optimizedModel() {
    return Optional.ofNullable(values.optimizedModel);
  }

  /** Whether a model that stays at FP32 is fused before the runtime sees it. */
  public boolean fuse() {
    return values.fuse;
  }

  /** How a model is brought to another precision. */
  public Quantization quantization() {
    return values.quantization;
  }

  /** What the program wants of a GPU. */
  public Optional<GpuOptions> gpu() {
    return Optional.ofNullable(values.gpu);
  }

  /** Further session entries, by ONNX Runtime's own keys. */
  public Map<String, String> config() {
    return Map.copyOf(values.config);
  }

  /**
   * What differs from {@link #DEFAULT}, for example {@code OnnxOptions[optimization BASIC,
   * spinning]}.
   */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "OnnxOptions[", "]");
    add(text, "optimization " + optimization(), optimization() != Optimization.ALL);
    add(text, branchThreads() + " branch threads", branchThreads() != 1);
    add(text, "spinning", spinning());
    add(text, "no arena", !arena());
    add(text, "arenaShrink", arenaShrink());
    add(text, "no memoryPattern", !memoryPattern());
    add(text, "deterministic", deterministic());
    add(text, "profile " + values.profile, values.profile != null);
    add(text, "optimizedModel " + values.optimizedModel, values.optimizedModel != null);
    add(text, "fuse", fuse());
    add(text, quantization().toString(), quantization() != Quantization.DEFAULT);
    add(text, "gpu " + values.gpu, values.gpu != null);
    add(text, "config " + values.config, !values.config.isEmpty());
    return text.toString();
  }

  private static void add(StringJoiner text, String what, boolean differs) {
    if (differs) {
      text.add(what);
    }
  }

  /** Collects options. */
  public static final class Builder {
    private Optimization optimization = Optimization.ALL;
    private int branchThreads = 1;
    private boolean spinning;
    private boolean arena = true;
    private boolean arenaShrink;
    private boolean memoryPattern = true;
    private boolean deterministic;
    private @Nullable Path profile;
    private @Nullable Path optimizedModel;
    private boolean fuse;
    private Quantization quantization = Quantization.DEFAULT;
    private @Nullable GpuOptions gpu;
    private final Map<String, String> config = new TreeMap<>();

    private Builder() {}

    private Builder copy() {
      Builder copy = new Builder();
      copy.optimization = optimization;
      copy.branchThreads = branchThreads;
      copy.spinning = spinning;
      copy.arena = arena;
      copy.arenaShrink = arenaShrink;
      copy.memoryPattern = memoryPattern;
      copy.deterministic = deterministic;
      copy.profile = profile;
      copy.optimizedModel = optimizedModel;
      copy.fuse = fuse;
      copy.quantization = quantization;
      copy.gpu = gpu;
      copy.config.putAll(config);
      return copy;
    }

    /** How far the runtime rewrites the graph; {@link Optimization#ALL} by default. */
    public Builder optimization(Optimization optimization) {
      this.optimization = Given.option(optimization, "optimization");
      return this;
    }

    /** Threads that run independent parts of the graph at once; 1, in sequence, by default. */
    public Builder branchThreads(int branchThreads) {
      if (branchThreads < 1 || branchThreads > 1024) {
        throw new IllegalArgumentException(
            "The number of branch threads must be 1 to 1024, but is " + branchThreads + ".");
      }
      this.branchThreads = branchThreads;
      return this;
    }

    /**
     * Lets threads wait busily between operators. Runs get a little faster, and idle moments cost
     * whole cores; off by default.
     */
    public Builder spinning(boolean spinning) {
      this.spinning = spinning;
      return this;
    }

    /** Keeps memory from run to run; on by default. Off saves memory and costs time. */
    public Builder arena(boolean arena) {
      this.arena = arena;
      return this;
    }

    /** Gives kept memory back after each run; off by default. Needs the arena. */
    public Builder arenaShrink(boolean arenaShrink) {
      this.arenaShrink = arenaShrink;
      return this;
    }

    /** Plans the memory of a run on the CPU from the runs before; on by default. */
    public Builder memoryPattern(boolean memoryPattern) {
      this.memoryPattern = memoryPattern;
      return this;
    }

    /** Uses only kernels that repeat to the last bit; off by default. */
    public Builder deterministic(boolean deterministic) {
      this.deterministic = deterministic;
      return this;
    }

    /**
     * Writes a profile when the session closes, as JSON for a trace viewer.
     *
     * @param prefix the beginning of the file's name; the runtime adds the time and {@code .json}
     */
    public Builder profile(Path prefix) {
      this.profile = Given.option(prefix, "profile");
      return this;
    }

    /** Writes the rewritten model at opening. */
    public Builder optimizedModel(Path file) {
      this.optimizedModel = Given.option(file, "optimizedModel");
      return this;
    }

    /**
     * Fuses a model that stays at FP32 before the runtime sees it, where the runtime's own
     * optimization does not find what there is: the attention of transformers above all. Answers
     * change by rounding; off by default. At other precisions it is always done.
     */
    public Builder fuse(boolean fuse) {
      this.fuse = fuse;
      return this;
    }

    /**
     * How a model is brought to the {@link dev.hone.Precision} that the session options ask for.
     */
    public Builder quantization(Quantization quantization) {
      this.quantization = Given.option(quantization, "quantization");
      return this;
    }

    /**
     * What the program wants of a GPU: {@code CudaOptions} of the module {@code hone-runtime-cuda}.
     * Of no effect where the session computes on the CPU.
     */
    public Builder gpu(GpuOptions gpu) {
      this.gpu = Given.option(gpu, "gpu");
      return this;
    }

    /**
     * A further session entry, for example {@code session.set_denormal_as_zero}. It overrides what
     * the other options set. Keys that the runtime does not know do nothing, which the session's
     * report says.
     *
     * @throws IllegalArgumentException if the key is known to be a switch, and the value is neither
     *     0 nor 1: the runtime would take most others for 0 without a word
     */
    public Builder config(String key, String value) {
      Given.option(key, "config");
      Given.option(value, "config");
      ConfigKeys.requireSense(key, value);
      config.put(key, value);
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if two contradict each other
     */
    public OnnxOptions build() {
      if (arenaShrink && !arena) {
        throw new IllegalArgumentException(
            "arenaShrink gives back memory that an arena keeps, but arena is off. Leave one of the two"
                + " alone.");
      }
      return new OnnxOptions(copy());
    }
  }
}
