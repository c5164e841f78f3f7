package dev.hone.cuda.lane;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.DeviceBlock;
import dev.hone.memory.Memory;

/** Tensors of floats that lie on a device. */
final class DeviceTensors {
  private DeviceTensors() {}

  /** One with undefined elements; the caller closes it. */
  static Tensor allocate(CudaDevice device, Shape shape) {
    long bytes = DataType.FLOAT32.byteSize(shape.elementCount());
    DeviceBlock block = device.memory().take(bytes);
    Memory memory = Memory.adoptOnDevice(device.name(), block.address(), bytes, block::close);
    return Tensor.of(DataType.FLOAT32, shape, memory);
  }

  static void copyToDevice(CudaDevice device, Tensor host, Tensor there) {
    long bytes = host.byteSize();
    try (Memory staging = device.pinned().take(bytes);
        CudaStream stream = device.openStream()) { // which is drained before the staging goes
      Memory.copy(host.memory(), 0, staging, 0, bytes);
      stream.copyToDevice(there.memory().deviceAddress(), staging.address(), bytes);
      stream.synchronize();
    }
  }

  static void copyToHost(CudaDevice device, Tensor there, Tensor host) {
    long bytes = host.byteSize();
    try (Memory staging = device.pinned().take(bytes);
        CudaStream stream = device.openStream()) {
      stream.copyToHost(staging.address(), there.memory().deviceAddress(), bytes);
      stream.synchronize();
      Memory.copy(staging, 0, host.memory(), 0, bytes);
    }
  }
}
