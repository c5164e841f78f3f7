package dev.hone.benchmarks.cuda;

import dev.hone.Device;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.cuda.CudaOptions;
import dev.hone.cuda.CudaSupport;
import dev.hone.cuda.GpuMemory;
import dev.hone.cuda.GpuMonitor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.cuda.driver.RealCuda;
import dev.hone.onnx.OnnxOptions;
import java.util.Optional;
import java.util.regex.Pattern;

/** The first NVIDIA GPU of this machine. */
final class GpuSite implements Site {
  private static final Pattern REPLAYS = Pattern.compile(" [1-9]\\d* runs were replays");

  private final GpuMonitor monitor = GpuMonitor.of(0); // opens nothing before it is asked
  private final GpuMemory memory = GpuMemory.of(0);
  private final CudaDevice device;

  GpuSite() {
    try {
      device = new CudaDevice(new RealCuda(0), Device.cuda(0).toString(), MemoryLimits.DEFAULT);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  @Override
  public Session open(Model model, Precision precision, int graphShapes) {
    CudaOptions cuda = CudaOptions.builder().graphShapes(graphShapes).build();
    return Session.open(
        model,
        SessionOptions.builder()
            .device(Device.cuda(0))
            .precision(precision)
            .runtime(OnnxOptions.builder().gpu(cuda).build())
            .build());
  }

  @Override
  public Tensor there(Tensor host) {
    Tensor there = memory.allocate(host.type(), host.shape());
    try {
      memory.copyToGpu(host, there);
      return there;
    } catch (RuntimeException | Error e) {
      there.close();
      throw e;
    }
  }

  @Override
  public float[] back(Tensor there) {
    try (Tensor host = Tensor.allocate(there.type(), there.shape())) {
      memory.copyToHost(there, host);
      return host.toFloatArray();
    }
  }

  @Override
  public Rival bare(Model model, Tensor in, Tensor out) {
    CudaStream stream = device.openStream();
    try {
      return new BareRun(
          model,
          new CudaSupport().settings(0, Optional.empty()).provider(),
          stream.handle(),
          new BareRun.Bound(in, in.memory().deviceAddress(), out, out.memory().deviceAddress()),
          stream::synchronize,
          stream::close);
    } catch (RuntimeException | Error e) {
      stream.close();
      throw e;
    }
  }

  @Override
  public void requireReplays(Session session) {
    if (!REPLAYS.matcher(session.report().toString()).find()) {
      throw new IllegalStateException("No run was the replay of a graph: " + session.report());
    }
  }

  @Override
  public long usedBytes() {
    return monitor.read().usedBytes();
  }

  @Override
  public void close() {
    try {
      device.close();
    } finally {
      try {
        monitor.close();
      } finally {
        memory.close();
      }
    }
  }
}
