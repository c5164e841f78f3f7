package dev.hone.standalone;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;

/** Uses core where Micrometer is not there, and tells as what it ran. */
public final class WithoutMicrometer {
  private WithoutMicrometer() {}

  /** Prints {@code named module, 1 answered}, or {@code unnamed module, 1 answered}. */
  public static void main(String[] args) {
    try {
      Class.forName("io.micrometer.core.instrument.MeterRegistry");
      throw new AssertionError("Micrometer is there, so this proves nothing.");
    } catch (ClassNotFoundException e) {
      // as it should be
    }
    Recorder recorder = Recorder.counting("model", Capacity.of(1), Gauges.NONE);
    try (Tensor tensor = Tensor.allocate(DataType.FLOAT32, Shape.of(1, 2))) {
      recorder.ran(tensor.shape().rows(), 1, 2, 3);
    }
    System.out.printf(
        "%s module, %d answered%n",
        Recorder.class.getModule().isNamed() ? "named" : "unnamed",
        recorder.snapshot().outcomes().get(Outcome.ANSWERED));
  }
}
