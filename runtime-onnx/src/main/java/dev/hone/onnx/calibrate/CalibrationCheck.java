package dev.hone.onnx.calibrate;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Refuses calibration data that would poison the statistics, before it is run. */
final class CalibrationCheck {
  private CalibrationCheck() {}

  static void check(Signature signature, Batch in, int index) {
    for (String name : in.names()) {
      if (signature.input(name).isEmpty()) {
        throw new IllegalArgumentException(
            "Calibration batch "
                + index
                + " brings '"
                + name
                + "', but the model takes "
                + signature.inputNames()
                + ".");
      }
    }
    for (Signature.Value input : signature.inputs()) {
      int position = in.indexOf(input.name());
      if (position < 0 && !input.optional()) {
        throw new IllegalArgumentException(
            "Calibration batch "
                + index
                + " lacks the input '"
                + input.name()
                + "'; it brings "
                + in.names()
                + ".");
      }
      if (position >= 0 && in.tensor(position).type() == DataType.FLOAT32) {
        requireFinite(input.name(), in.tensor(position), index);
      }
    }
  }

  private static void requireFinite(String name, Tensor tensor, int index) {
    long bytes = tensor.byteSize();
    int step = 1 << 20;
    for (long from = 0; from < bytes; from += step) {
      long start = from / Float.BYTES;
      tensor
          .memory()
          .lend(
              from,
              Math.min(step, bytes - from),
              chunk -> {
                FloatBuffer floats = chunk.order(ByteOrder.nativeOrder()).asFloatBuffer();
                for (int i = 0; i < floats.limit(); i++) {
                  if (!Float.isFinite(floats.get(i))) {
                    throw new IllegalArgumentException(
                        "Calibration data must be finite, but element "
                            + (start + i)
                            + " of '"
                            + name
                            + "' in batch "
                            + index
                            + " is "
                            + floats.get(i)
                            + ".");
                  }
                }
              });
    }
  }
}
