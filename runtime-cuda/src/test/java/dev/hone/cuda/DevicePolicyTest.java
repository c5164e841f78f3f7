package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.OnnxRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What sessions do that ask for a GPU where none can be used. */
@ExtendWith(NoLeaks.class)
class DevicePolicyTest {
  @BeforeEach
  void onlyWithoutAGpu() {
    assumeFalse(CudaDiagnostics.report().isReady(), "a GPU can be used here");
  }

  @Test
  void aSessionThatMustHaveTheGpuTellsTheWholeDiagnosis() {
    CudaReport report = CudaDiagnostics.report();
    assertThatThrownBy(() -> Session.open(OneProduct.model(), SessionOptions.of(Device.cuda(0))))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("cuda:0", report.toString(), report.status().remedy());
  }

  @Test
  void aSessionThatMayHaveTheGpuComputesOnTheCpuAndWarnsOnce() {
    List<String> lines = new ArrayList<>();
    Handler log = new Lines(lines);
    Logger logger = Logger.getLogger(OnnxRuntime.class.getName());
    logger.addHandler(log);
    try (Session first = Session.open(OneProduct.model(), SessionOptions.of(Device.best()));
        Session second = Session.open(OneProduct.model(), SessionOptions.of(Device.best()));
        Session cpu = Session.open(OneProduct.model());
        Batch in = OneProduct.input();
        Batch out = first.run(in);
        Batch expected = cpu.run(in)) {
      assertThat(first.device()).isEqualTo(Device.cpu());
      assertThat(second.report().device()).isEqualTo(Device.cpu());
      assertThat(lines).singleElement().asString().contains(CudaDiagnostics.report().toString());
      assertThat(second.report().notes()).contains(lines.get(0));
      assertThat(out.get("y").toFloatArray()).isEqualTo(expected.get("y").toFloatArray());
    } finally {
      logger.removeHandler(log);
    }
  }

  private static final class Lines extends Handler {
    private final List<String> lines;

    Lines(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public synchronized void publish(LogRecord line) {
      lines.add(line.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
