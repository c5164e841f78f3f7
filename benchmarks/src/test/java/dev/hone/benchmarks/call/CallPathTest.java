package dev.hone.benchmarks.call;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.hone.benchmarks.inputs.GemmModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallPathTest {
  private final GemmModel model = new GemmModel(16, 32, 4);

  @ParameterizedTest
  @EnumSource
  void everyWayComputesWhatPlainJavaComputes(CallPath path) throws Exception {
    float[] row = model.row(1);
    try (Call call = path.open(model, row)) {
      call.once();
      assertThatCode(() -> model.check(row, call.output())).doesNotThrowAnyException();
    }
  }
}
