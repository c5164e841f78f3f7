package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models that people have, opened and run. */
@ExtendWith(NoLeaks.class)
class RealModelsTest {
  private static final String RECOGNITION = "/models/ch_PP-OCRv3_rec_infer.onnx";

  @Test
  void aTransformerGivesTheSameAnswerInEveryWayToCallIt() {
    Model model = Model.loadResource(RealModelsTest.class, "/all-minilm-l6-v2.onnx");
    try (Session session = Session.open(model);
        Batch in = tokens();
        Batch out = session.run(in);
        Batch asynchronous = session.runAsync(in).join();
        Batch brought =
            Batch.of("last_hidden_state", Tensor.allocate(DataType.FLOAT32, Shape.of(2, 4, 384)))) {
      session.run(in, brought);
      float[] values = out.get("last_hidden_state").toFloatArray();
      assertThat(values).hasSize(2 * 4 * 384).doesNotContain(Float.NaN, 0f);
      assertThat(brought.tensor(0).toFloatArray()).isEqualTo(values);
      assertThat(asynchronous.tensor(0).toFloatArray()).isEqualTo(values);
    }
  }

  @Test
  void theReportNamesTheProviderOfEveryNode() {
    Model model = Model.loadResource(RealModelsTest.class, "/all-minilm-l6-v2.onnx");
    try (Session session = Session.open(model)) {
      assertThat(session.report().nodesByProvider()).containsOnlyKeys("CPUExecutionProvider");
      assertThat(session.report().nodes()).extracting("operator").contains("MatMul", "Softmax");
      assertThat(session.report().toString()).contains("ONNX Runtime 1.24.1", "FP32 on cpu");
    }
    assertThat(model.parameterCount()).isBetween(22_000_000L, 23_000_000L);
  }

  @Test
  void lengthsThatAnExporterNamedQuestionMarkNeedNotAgree() {
    Model model = Model.loadResource(RealModelsTest.class, RECOGNITION);
    assertThat(model.signature().inputs().get(0).dimensions())
        .containsExactly(
            Dimension.unknown(), Dimension.of(3), Dimension.unknown(), Dimension.unknown());
    try (Session session = Session.open(model);
        Batch in = Batch.of("x", Tensor.allocate(DataType.FLOAT32, Shape.of(1, 3, 48, 100)));
        Batch out = session.run(in)) {
      assertThat(out.tensor(0).shape().length(-1)).isEqualTo(6625);
    }
  }

  private static Batch tokens() {
    return Batch.of(
        "input_ids", Tensor.of(new long[][] {{101, 7592, 2088, 102}, {101, 3835, 2154, 102}}),
        "attention_mask", Tensor.of(new long[][] {{1, 1, 1, 1}, {1, 1, 1, 1}}),
        "token_type_ids", Tensor.of(new long[][] {{0, 0, 0, 0}, {0, 0, 0, 0}}));
  }
}
