package dev.hone.cuda.kernels;

import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaModule;
import dev.hone.cuda.device.CudaStream;
import java.util.HashMap;
import java.util.Map;

/** The kernels of one source on a device. Thread-safe; closed by who loaded it, when none runs. */
public final class LoadedKernels implements AutoCloseable {
  private final CudaModule module;
  private final Map<String, Long> kernels = new HashMap<>();

  /**
   * Loads a cubin.
   *
   * @param device where
   * @param cubin compiled for its architecture
   */
  public LoadedKernels(CudaDevice device, byte[] cubin) {
    this.module = device.loadModule(cubin);
  }

  /** Queues a call on a stream. */
  public void launch(Launch launch, CudaStream stream) {
    long kernel;
    synchronized (kernels) {
      kernel = kernels.computeIfAbsent(launch.kernel(), module::kernel);
    }
    stream.launch(kernel, launch.blocks(), launch.threads(), launch.arguments());
  }

  @Override
  public void close() {
    module.close();
  }
}
