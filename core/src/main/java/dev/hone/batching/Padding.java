package dev.hone.batching;

import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Memory full of each input's padding value. Rows that are about to be padded are overwritten with
 * it from end to end before content goes in, so that what an earlier batch left in reused memory
 * can never be seen.
 */
final class Padding implements AutoCloseable {
  private static final int ELEMENTS = 1024;

  private final Map<Port, Tensor> strips = new HashMap<>();

  /**
   * Padding for these inputs.
   *
   * @throws IllegalArgumentException if a padding value is out of its input's range
   */
  Padding(Iterable<Port> ports) {
    try {
      for (Port port : ports) {
        if (port.hasLength()) {
          Tensor strip = Tensor.allocate(port.type, Shape.of(ELEMENTS));
          strips.put(port, strip);
          fill(strip, port.padValue);
        }
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static void fill(Tensor strip, long value) {
    if (value == 0) {
      return;
    }
    if (strip.type().isFloatingPoint()) {
      double[] values = new double[ELEMENTS];
      Arrays.fill(values, (double) value);
      Samples.write(strip, values);
    } else {
      long[] values = new long[ELEMENTS];
      Arrays.fill(values, value);
      strip.copyFrom(values);
    }
  }

  /** Writes the padding value over so many bytes. */
  void write(Port port, Memory to, long at, long bytes) {
    Tensor strip = strips.get(port);
    if (strip == null) {
      throw new AssertionError("only ports with a length are padded");
    }
    long piece = strip.byteSize();
    for (long done = 0; done < bytes; done += piece) {
      Memory.copyHeld(strip.memory(), 0, to, at + done, Math.min(piece, bytes - done));
    }
  }

  @Override
  public void close() {
    strips.values().forEach(Tensor::close);
  }
}
