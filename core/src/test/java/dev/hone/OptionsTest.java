package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.RunOptions.Priority;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

class OptionsTest {
  @Test
  void sessionOptionsSayWhatWasAskedFor() {
    assertThat(SessionOptions.DEFAULT).hasToString("FP32 on cpu, all threads");
    assertThat(SessionOptions.builder().precision(Precision.INT8).threads(1))
        .extracting(SessionOptions.Builder::build)
        .hasToString("INT8 on cpu, 1 thread");
    assertThat(SessionOptions.builder().threads(2).calibration(List.of()).checks(List.of()).build())
        .hasToString("FP32 on cpu, 2 threads, with calibration, with checks");
  }

  @Test
  void runOptionsSayWhatDiffersFromTheDefault() {
    assertThat(RunOptions.DEFAULT).hasToString("defaults");
    assertThat(
            RunOptions.DEFAULT
                .withTimeout(Duration.ofMillis(50))
                .withOutputs("y")
                .withPriority(Priority.BULK)
                .withTenant("shop")
                .withCancellation(new Cancellation()))
        .hasToString("timeout 50 ms, outputs [y], BULK, tenant 'shop', may be cancelled");
  }

  @Test
  @NullUnmarked // callers of other languages, and of plain Java, may give null
  void nullIsRefusedWhereItIsGiven() {
    SessionOptions.Builder builder = SessionOptions.builder();
    refusesNull(() -> builder.precision(null), "precision of session options", "default");
    refusesNull(() -> builder.device(null), "device of session options", "default");
    refusesNull(() -> builder.calibration(null), "calibration of session options", "default");
    refusesNull(() -> builder.checks(null), "checks of session options", "default");
    refusesNull(() -> builder.runtime(null), "runtime of session options", "default");
    refusesNull(() -> builder.recorder(null), "recorder of session options", "default");
    RunOptions run = RunOptions.DEFAULT;
    refusesNull(() -> run.withTimeout(null), "timeout of run options", "default");
    refusesNull(() -> run.withCancellation(null), "cancellation of run options", "default");
    refusesNull(() -> run.withPriority(null), "priority of run options", "default");
    refusesNull(() -> run.withOutputs("y", null), "name of an output", "default");
    refusesNull(() -> run.withTenant(null), "tenant of run options", "default");
    refusesNull(() -> Session.open((Path) null), "path of a model", "model.onnx");
    refusesNull(() -> Session.open((Model) null), "model to open", "Model.load");
    refusesNull(() -> Model.load((byte[]) null), "bytes of a model", "Read them");
  }

  private static void refusesNull(Runnable use, String... words) {
    assertThatThrownBy(use::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be null")
        .hasMessageContainingAll(words);
  }

  @Test
  void timesHaveAllTheirDigitsAndNoMore() {
    assertThat(RunOptions.millis(1)).isEqualTo("0.000001");
    assertThat(RunOptions.millis(1_500_000)).isEqualTo("1.5");
    assertThat(RunOptions.millis(60_000_000_000L)).isEqualTo("60000");
  }
}
