package dev.hone.onnx;

import dev.hone.HoneException;
import dev.hone.onnx.gpu.GpuSupport;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds what lets sessions compute on GPUs. Looked for only where a GPU is asked for. */
final class Gpus {
  private Gpus() {}

  static Optional<GpuSupport> find() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try {
      return ServiceLoader.load(GpuSupport.class, context)
          .findFirst() // a plug-in's thread may have another context class loader
          .or(
              () ->
                  ServiceLoader.load(GpuSupport.class, GpuSupport.class.getClassLoader())
                      .findFirst());
    } catch (ServiceConfigurationError e) {
      throw new HoneException(
          "Support for GPUs is on the class path or module path but cannot be made: "
              + e.getMessage(),
          e);
    }
  }
}
