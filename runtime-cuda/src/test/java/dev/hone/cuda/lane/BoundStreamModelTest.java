package dev.hone.cuda.lane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.StreamRuns;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which values of a model have a place in the device's memory. */
class BoundStreamModelTest {
  private static Signature.Value value(String name, DataType type) {
    return Signature.Value.tensor(name, type, Dimension.of("n"), Dimension.of(2));
  }

  /** A model that nobody opens. */
  private record Described(Signature signature) implements GpuModel {
    @Override
    public String name() {
      return "described";
    }

    @Override
    public Recorder recorder() {
      return Recorder.disabled();
    }

    @Override
    public StreamRuns open(long stream, boolean graphs) {
      throw new AssertionError("Nobody should open it.");
    }

    @Override
    public void close() {}
  }

  @Test
  void whatIsBothInputAndOutputStaysWithTheHost() {
    Signature.Value x = value("x", DataType.FLOAT32);
    Signature.Value z = value("z", DataType.FLOAT32);
    Signature.Value y = value("y", DataType.FLOAT32);
    Signature.Value text = value("text", DataType.STRING);
    Signature signature = new Signature(List.of(x, z, text), List.of(x, y));
    BoundStreamModel model = new BoundStreamModel(new Described(signature), false);
    assertThat(model.onDevice(x)).isFalse();
    assertThat(model.onDevice(z)).isTrue();
    assertThat(model.onDevice(y)).isTrue();
    assertThat(model.onDevice(text)).isFalse();
  }
}
