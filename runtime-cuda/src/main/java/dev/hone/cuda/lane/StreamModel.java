package dev.hone.cuda.lane;

import dev.hone.Signature;
import dev.hone.cuda.device.CudaStream;

/** A model that can be run on a stream of a device. */
public interface StreamModel {
  /** What it takes and gives. */
  Signature signature();

  /**
   * Whether an input or output is given to it in the device's memory. The others, such as strings,
   * stay with the host.
   */
  boolean onDevice(Signature.Value value);

  /**
   * Makes it ready for runs on one stream, one at a time. The caller closes it before the stream.
   */
  Execution open(CudaStream stream);
}
