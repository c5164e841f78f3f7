package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.Texts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A session computes what ONNX Runtime's own Java API computes, to the last bit. */
class SameBitsTest {
  private static final int TEXTS = 100;
  private static final int WIDTH = 384;

  @Test
  void aHundredTextsGiveTheSameBitsAsOnnxRuntimesOwnApi() throws Exception {
    List<long[]> rows = MiniLm.tokenize(Texts.make(TEXTS));
    assertThat(rows.stream().mapToInt(row -> row.length).distinct().count())
        .as("different lengths")
        .isGreaterThan(20);
    try (Session session = Session.open(MiniLm.model());
        OrtSession.SessionOptions options = sameOptions();
        OrtSession reference =
            OrtEnvironment.getEnvironment().createSession(modelBytes(), options)) {
      for (int i = 0; i < rows.size(); i++) {
        float[] expected = run(reference, rows.get(i));
        assertThat(bits(runAllocating(session, rows.get(i))))
            .as("text %d", i)
            .isEqualTo(bits(expected));
        assertThat(bits(runInto(session, rows.get(i)))).as("text %d", i).isEqualTo(bits(expected));
      }
    }
  }

  private static OrtSession.SessionOptions sameOptions() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(Runtime.getRuntime().availableProcessors());
    options.setInterOpNumThreads(1);
    options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    return options;
  }

  private static byte[] modelBytes() throws IOException {
    try (InputStream in = MiniLm.class.getResourceAsStream(MiniLm.RESOURCE)) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private static float[] runAllocating(Session session, long[] ids) {
    try (Batch in = MiniLm.batch(ids);
        Batch out = session.run(in)) {
      return out.get(MiniLm.OUTPUT).toFloatArray();
    }
  }

  private static float[] runInto(Session session, long[] ids) {
    try (Batch in = MiniLm.batch(ids);
        Batch out =
            Batch.of(
                MiniLm.OUTPUT, Tensor.allocate(DataType.FLOAT32, Shape.of(1, ids.length, WIDTH)))) {
      session.run(in, out);
      return out.get(MiniLm.OUTPUT).toFloatArray();
    }
  }

  private static float[] run(OrtSession session, long[] ids) throws OrtException {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    try (OnnxTensor idTensor = tensor(ids);
        OnnxTensor maskTensor = tensor(ones);
        OnnxTensor typeTensor = tensor(new long[ids.length]);
        OrtSession.Result result =
            session.run(
                Map.of(
                    "input_ids", idTensor,
                    "attention_mask", maskTensor,
                    "token_type_ids", typeTensor))) {
      FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return copy;
    }
  }

  private static OnnxTensor tensor(long[] row) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), LongBuffer.wrap(row), new long[] {1, row.length});
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
