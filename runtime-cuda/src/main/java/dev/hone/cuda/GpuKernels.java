package dev.hone.cuda;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.driver.NvrtcCompiler;
import dev.hone.cuda.kernels.CubinCache;
import dev.hone.cuda.kernels.KernelCompiler;
import dev.hone.cuda.kernels.KernelSource;
import dev.hone.cuda.kernels.Launch;
import dev.hone.cuda.kernels.LoadedKernels;
import dev.hone.memory.LeakDetection;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Two steps on tensors of {@link GpuMemory}, before or after a session, without a copy to the host:
 *
 * <pre>{@code
 * try (GpuKernels kernels = GpuKernels.open(gpu, folder)) {
 *   session.run(tokensIn, tokensOut);
 *   kernels.meanPool(tokens, mask, embeddings);
 * }
 * }</pre>
 *
 * <p>For models that can be changed, {@code EmbeddingOutput} and {@code ImageInput} put the same
 * steps into the model, and need no compiler.
 *
 * <p>Each kernel is compiled at its first use by NVIDIA's NVRTC, whose library must be installed,
 * and kept on disk for the next process. A call returns when the GPU has computed.
 *
 * <p><b>Ownership.</b> Whoever opens it closes it, before the memory. <b>Errors.</b> {@link
 * IllegalArgumentException} for tensors that do not fit; {@link HoneException} where a kernel
 * cannot be compiled or fails. <b>Threads.</b> Safe to share; calls wait for each other. Never run
 * on a GPU yet.
 */
public final class GpuKernels implements AutoCloseable {
  private static final float GREATEST_BYTE = 255;

  private final GpuMemory gpu;
  private final CubinCache cache;
  private final Supplier<? extends Optional<? extends KernelCompiler>> compiler;
  private final Loaded loaded;
  private final LeakDetection.Lifeline lifeline;
  private boolean closed;

  /** What is on the device. */
  private record Loaded(CudaStream stream, Map<KernelSource, LoadedKernels> kernels) {
    void close() {
      stream.close(); // waits for what runs
      kernels.values().forEach(LoadedKernels::close);
    }
  }

  GpuKernels(
      GpuMemory gpu,
      CubinCache cache,
      Supplier<? extends Optional<? extends KernelCompiler>> compiler) {
    this.gpu = gpu;
    this.cache = cache;
    this.compiler = compiler;
    Loaded nothingYet = new Loaded(gpu.device().openStream(), new EnumMap<>(KernelSource.class));
    this.loaded = nothingYet;
    this.lifeline = LeakDetection.track(this, "kernels of a GPU", nothingYet::close);
  }

  /**
   * Opens them; compiles nothing yet.
   *
   * @param gpu whose tensors they work on; stays the caller's, and must be closed later
   * @param folder where compiled kernels are kept; made when first needed, and may be shared
   */
  public static GpuKernels open(GpuMemory gpu, Path folder) {
    return new GpuKernels(gpu, new CubinCache(folder), NvrtcCompiler::find);
  }

  /**
   * The mean of each text's token vectors, over the tokens that its mask names, scaled to length 1;
   * zeros for a text without tokens.
   *
   * @param tokens FLOAT32 or FLOAT16 {@code [texts, length, width]}
   * @param mask INT64 {@code [texts, length]}, 0 for tokens that do not count
   * @param out receives FLOAT32 {@code [texts, width]}
   */
  public void meanPool(Tensor tokens, Tensor mask, Tensor out) {
    requireFloats("The token vectors", tokens, 3);
    long texts = tokens.shape().length(0);
    long length = tokens.shape().length(1);
    long width = tokens.shape().length(2);
    require("The mask", mask, DataType.INT64, Shape.of(texts, length));
    require("The embeddings", out, DataType.FLOAT32, Shape.of(texts, width));
    if (out.byteSize() > 0) {
      run(
          KernelSource.MEAN_POOL,
          at -> Launch.meanPool(tokens.type(), at[0], at[1], at[2], texts, length, width),
          tokens,
          mask,
          out);
    }
  }

  /**
   * Images of bytes, pixel after pixel, to normalized numbers, plane after plane: a byte b of
   * channel c becomes {@code (b / 255 - mean[c]) / deviation[c]}.
   *
   * @param bytes UINT8 {@code [images, height, width, channels]}
   * @param mean of each channel, where bytes count from 0 to 1
   * @param deviation of each channel, greater than 0
   * @param out receives FLOAT32 or FLOAT16 {@code [images, channels, height, width]}
   */
  public void image(Tensor bytes, float[] mean, float[] deviation, Tensor out) {
    requireFloats("The planes", out, 4);
    Shape planes = out.shape();
    long images = planes.length(0);
    long channels = planes.length(1);
    long height = planes.length(2);
    long width = planes.length(3);
    require("The images", bytes, DataType.UINT8, Shape.of(images, height, width, channels));
    float[] factors = factors(channels, mean, deviation);
    if (out.byteSize() == 0) {
      return;
    }
    try (Tensor host = Tensor.of(factors, 2, channels);
        Tensor there = gpu.allocate(DataType.FLOAT32, host.shape())) {
      gpu.copyToGpu(host, there);
      run(
          KernelSource.IMAGE,
          at -> Launch.image(out.type(), at[0], at[1], at[2], images, height * width, channels),
          bytes,
          out,
          there);
    }
  }

  private static float[] factors(long channels, float[] mean, float[] deviation) {
    boolean fits = mean.length == channels && deviation.length == channels;
    for (float each : deviation) {
      fits &= each > 0;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "There must be a mean and a deviation above 0 for each of "
              + channels
              + " channels, but they are "
              + Arrays.toString(mean)
              + " and "
              + Arrays.toString(deviation)
              + ".");
    }
    float[] factors = new float[2 * mean.length];
    for (int c = 0; c < mean.length; c++) {
      factors[c] = 1 / (GREATEST_BYTE * deviation[c]);
      factors[mean.length + c] = -mean[c] / deviation[c];
    }
    return factors;
  }

  private void requireFloats(String what, Tensor tensor, int rank) {
    boolean floats = tensor.type() == DataType.FLOAT32 || tensor.type() == DataType.FLOAT16;
    if (!floats || tensor.shape().rank() != rank) {
      throw new IllegalArgumentException(
          what + " must be FLOAT32 or FLOAT16 of " + rank + " dimensions, but are " + tensor + ".");
    }
    requireOnGpu(what, tensor);
  }

  private void require(String what, Tensor tensor, DataType type, Shape shape) {
    if (tensor.type() != type || !tensor.shape().equals(shape)) {
      throw new IllegalArgumentException(
          what + " must be " + type + shape + " beside the other tensor, but is " + tensor + ".");
    }
    requireOnGpu(what, tensor);
  }

  private void requireOnGpu(String what, Tensor tensor) {
    String where = tensor.memory().device();
    String name = gpu.device().name();
    if (!name.equals(where)) {
      throw new IllegalArgumentException(
          what
              + " must lie on "
              + name
              + ", but lies on "
              + (where == null ? "the host" : where)
              + ". Make it with GpuMemory.allocate.");
    }
  }

  private interface AtAddresses {
    Launch launch(long[] addresses);
  }

  private synchronized void run(KernelSource source, AtAddresses call, Tensor... tensors) {
    if (closed) {
      throw new IllegalStateException("These kernels were closed, so they compute no more.");
    }
    LoadedKernels kernels = kernels(source);
    int held = 0;
    try {
      long[] addresses = new long[tensors.length];
      for (Tensor tensor : tensors) {
        tensor.memory().hold();
        addresses[held++] = tensor.memory().deviceAddress();
      }
      kernels.launch(call.launch(addresses), loaded.stream());
      loaded.stream().synchronize();
    } catch (RuntimeException | Error e) {
      loaded.stream().drain(); // before the memory is anybody else's
      throw e;
    } finally {
      for (int i = 0; i < held; i++) {
        tensors[i].memory().release();
      }
    }
  }

  private LoadedKernels kernels(KernelSource source) {
    LoadedKernels known = loaded.kernels().get(source);
    if (known == null) {
      CudaDevice device = gpu.device();
      byte[] cubin = cache.get(source, device.architecture(), compiler());
      known = new LoadedKernels(device, cubin);
      loaded.kernels().put(source, known);
    }
    return known;
  }

  private KernelCompiler compiler() {
    Optional<? extends KernelCompiler> found = compiler.get();
    if (found.isEmpty()) {
      throw new HoneException(
          "This library's kernels are compiled by NVRTC when first used, but its library"
              + " libnvrtc.so.13 cannot be loaded. Install the package cuda-nvrtc-13-1 or add the"
              + " Maven artifact org.bytedeco:cuda-redist with the classifier linux-x86_64; or put"
              + " the step into the model, with EmbeddingOutput or ImageInput, which needs no"
              + " compiler.");
    }
    return found.get();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    lifeline.cut();
  }
}
