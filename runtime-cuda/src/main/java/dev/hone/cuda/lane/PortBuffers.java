package dev.hone.cuda.lane;

import dev.hone.cuda.device.CudaDevice;

/** The memory of all ports of a slot. */
final class PortBuffers implements AutoCloseable {
  final Buffers[] inputs;
  final Buffers[] outputs;

  PortBuffers(CudaDevice device, int inputCount, int outputCount) {
    this.inputs = buffers(device, inputCount);
    this.outputs = buffers(device, outputCount);
  }

  private static Buffers[] buffers(CudaDevice device, int count) {
    Buffers[] buffers = new Buffers[count];
    for (int i = 0; i < count; i++) {
      buffers[i] = new Buffers(device);
    }
    return buffers;
  }

  @Override
  public void close() {
    for (Buffers buffers : inputs) {
      buffers.close();
    }
    for (Buffers buffers : outputs) {
      buffers.close();
    }
  }
}
