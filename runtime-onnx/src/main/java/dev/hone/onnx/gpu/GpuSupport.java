package dev.hone.onnx.gpu;

import dev.hone.Session;
import dev.hone.SessionReport;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Lets sessions compute on NVIDIA GPUs. Found by {@link java.util.ServiceLoader}; making one must
 * be cheap, must load nothing of a GPU, and must not fail.
 *
 * <p>Thread-safe. All that make one speak of the same GPUs: one that is lost to the process is lost
 * to all of them.
 */
public interface GpuSupport {
  /**
   * What keeps a GPU from being used, as far as can be told before it is. Loads nothing of a GPU
   * where files tell already.
   *
   * @param ordinal which GPU, from 0
   * @return sentences that say what is in the way and what to do about it; empty if nothing is
   */
  Optional<String> obstacle(int ordinal);

  /**
   * How a session on this GPU is opened.
   *
   * @param ordinal which GPU, from 0
   * @param options what the program wants; empty for the defaults
   * @throws IllegalArgumentException if the options are not of this kind
   */
  GpuSettings settings(int ordinal, Optional<GpuOptions> options);

  /**
   * Opens a session whose inputs and outputs lie in the GPU's memory while it computes, and whose
   * copies overlap with computing.
   *
   * @param ordinal which GPU, from 0
   * @param model what it runs; owned by the session, and closed if there will be none
   * @param options what the program wants; empty for the defaults
   * @param report what the session says of itself
   * @throws dev.hone.HoneException if it cannot be opened
   */
  Session open(int ordinal, GpuModel model, Optional<GpuOptions> options, SessionReport report);

  /**
   * Does work on a GPU that could break the capture of a CUDA graph, which looks at the whole
   * process: opening a session of ONNX Runtime, running it before it is handed to {@link #open},
   * and closing it. Waits while one is captured, and none is captured meanwhile.
   */
  <T> T outsideCaptures(Supplier<T> work);

  /**
   * Looks at a failure of a session on a GPU. After some of them, everything that this process asks
   * of the GPU fails: such a GPU is lost, and {@link #obstacle} says so from now on.
   *
   * @param ordinal which GPU, from 0
   * @param message what ONNX Runtime said
   * @return whether the GPU is lost to this process
   */
  boolean isLost(int ordinal, String message);
}
