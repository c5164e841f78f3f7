package dev.hone.onnx.ort;

import dev.hone.HoneException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a session of ONNX Runtime is told when it is made.
 *
 * @param threads threads that work on one operator
 * @param branches threads that work on independent parts of the graph; 1 runs them in sequence
 * @param spinning whether idle threads wait busily
 * @param optimization what the runtime does to the graph
 * @param arena whether freed memory is kept for the next run
 * @param memoryPattern whether the memory of one run is planned from the runs before
 * @param deterministic whether only kernels are used that repeat to the last bit
 * @param profile prefix of the profile's file name, or null for no profile
 * @param optimizedModel where to write the optimized model, or null
 * @param config further entries, by the runtime's own keys
 * @param runConfig entries for the options of every run, by the runtime's own keys
 * @param cuda options of the CUDA provider, by its own keys; empty to compute on the CPU alone
 */
public record OrtSettings(
    int threads,
    int branches,
    boolean spinning,
    Optimization optimization,
    boolean arena,
    boolean memoryPattern,
    boolean deterministic,
    @Nullable Path profile,
    @Nullable Path optimizedModel,
    Map<String, String> config,
    Map<String, String> runConfig,
    Map<String, String> cuda) {
  private static final String CUDA_GRAPHS = "enable_cuda_graph";

  /** How far the runtime rewrites the graph; the number is its own. */
  public enum Optimization {
    /** Not at all. */
    NONE(0),
    /** Rewrites that keep the operators of the standard. */
    BASIC(1),
    /** Also fuses operators into the runtime's own. */
    EXTENDED(2),
    /** Also changes the layout of memory for this processor. */
    ALL(99);

    final int level;

    Optimization(int level) {
      this.level = level;
    }
  }

  /**
   * One thread and all optimization, and nothing else that could be told.
   *
   * @param cuda options of the CUDA provider, by its own keys; empty to compute on the CPU
   */
  public static OrtSettings plain(Map<String, String> cuda) {
    return new OrtSettings(
        1, 1, false, Optimization.ALL, true, false, false, null, null, Map.of(), Map.of(), cuda);
  }

  /** Whether runs on a GPU may become CUDA graphs. */
  boolean capturesGraphs() {
    return "1".equals(cuda.get(CUDA_GRAPHS));
  }

  /**
   * The same, with runs that may become CUDA graphs.
   *
   * @throws HoneException if memory is given back after each run, which graphs must keep
   */
  public OrtSettings withGraphs() {
    if (!runConfig.isEmpty()) {
      throw new HoneException(
          "A CUDA graph keeps the memory that it was captured with, but this session gives memory"
              + " back after each run: "
              + runConfig
              + ". Switch one of the two off.");
    }
    Map<String, String> provider = new TreeMap<>(cuda);
    provider.put(CUDA_GRAPHS, "1");
    return new OrtSettings(
        threads,
        branches,
        spinning,
        optimization,
        arena,
        memoryPattern,
        deterministic,
        profile,
        optimizedModel,
        config,
        runConfig,
        provider);
  }

  /** Copies the entries. */
  public OrtSettings {
    config = Map.copyOf(config);
    runConfig = Map.copyOf(runConfig);
    cuda = Map.copyOf(cuda);
  }
}
