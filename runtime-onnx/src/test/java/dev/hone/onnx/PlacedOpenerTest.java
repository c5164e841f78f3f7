package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Capacity;
import dev.hone.onnx.gpu.GpuSettings;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How much a session counts as its full load, and where its figures go on. */
@ExtendWith(NoLeaks.class)
class PlacedOpenerTest {
  @Test
  void theProcessorsSayNothingAboutHowMuchAGpuTakes() {
    GpuSettings settings = FakeGpu.ready().settings(0, Optional.empty());
    Placement gpu = new Placement(Device.cuda(0), settings, null, List.of());
    assertThat(Opening.capacity(SessionOptions.DEFAULT, gpu))
        .isEqualTo(Capacity.of(FakeGpu.RUNS_AT_ONCE));
    SessionOptions oneThread = SessionOptions.builder().threads(1).build();
    assertThat(Opening.capacity(oneThread, gpu)).isEqualTo(Capacity.of(FakeGpu.RUNS_AT_ONCE));
    assertThat(Opening.capacity(oneThread, Placement.CPU))
        .isEqualTo(Capacity.of(Runtime.getRuntime().availableProcessors()));
    assertThat(Opening.capacity(SessionOptions.DEFAULT, Placement.CPU)).isEqualTo(Capacity.of(1));
  }

  @Test
  void whatIsOpenedInPlaceOfAnotherGoesOnWithItsFigures() {
    PlacedOpener opener =
        new PlacedOpener(TwoLayers.inMemory(), SessionOptions.DEFAULT, StandardPasses.INSTANCE);
    List<Batch> examples = TwoLayers.examples(1, 1);
    try (Session first = opener.open(Placement.CPU);
        Session second = opener.open(Placement.CPU);
        Batch in = examples.get(0)) {
      first.run(in).close();
      second.run(in).close();
      assertThat(second.stats().rows()).isEqualTo(2 * in.tensor(0).shape().rows());
    }
  }
}
