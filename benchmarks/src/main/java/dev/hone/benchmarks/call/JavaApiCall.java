package dev.hone.benchmarks.call;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.hone.benchmarks.inputs.GemmModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/** Microsoft's Java API, as the bytedeco jar carries it: the same native library underneath. */
abstract class JavaApiCall implements Call {
  final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  final OrtSession session;
  private final OrtSession.SessionOptions options = new OrtSession.SessionOptions();

  private JavaApiCall(GemmModel model) throws OrtException {
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    session = environment.createSession(model.bytes(), options);
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
    options.close();
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static float[] toArray(FloatBuffer buffer) {
    float[] values = new float[buffer.capacity()];
    buffer.get(0, values);
    return values;
  }

  /** Input in a direct buffer, output as the buffer that the API gives. */
  static final class Buffers extends JavaApiCall {
    private final OnnxTensor input;
    private final Map<String, OnnxTensor> inputs;
    private FloatBuffer output;

    Buffers(GemmModel model, float[] row) throws OrtException {
      super(model);
      FloatBuffer in = direct(row.length).put(row).rewind();
      input = OnnxTensor.createTensor(environment, in, new long[] {1, row.length});
      inputs = Map.of("x", input);
      output = direct(model.outputWidth());
    }

    @Override
    public void once() throws OrtException {
      try (OrtSession.Result result = session.run(inputs)) {
        output = ((OnnxTensor) result.get(0)).getFloatBuffer();
      }
    }

    @Override
    public float[] output() {
      return toArray(output);
    }

    @Override
    public void close() {
      input.close();
      super.close();
    }
  }

  /** Input and output in direct buffers, both tensors kept. */
  static final class Pinned extends JavaApiCall {
    private final FloatBuffer out;
    private final OnnxTensor input;
    private final OnnxTensor output;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;

    Pinned(GemmModel model, float[] row) throws OrtException {
      super(model);
      FloatBuffer in = direct(row.length).put(row).rewind();
      out = direct(model.outputWidth());
      input = OnnxTensor.createTensor(environment, in, new long[] {1, row.length});
      output = OnnxTensor.createTensor(environment, out, new long[] {1, model.outputWidth()});
      inputs = Map.of("x", input);
      outputs = Map.of("y", output);
    }

    @Override
    public void once() throws OrtException {
      session.run(inputs, outputs).close();
    }

    @Override
    public float[] output() {
      return toArray(out);
    }

    @Override
    public void close() {
      input.close();
      output.close();
      super.close();
    }
  }

  /** Arrays in, arrays out. */
  static final class Arrays extends JavaApiCall {
    private final float[][] rows;
    private float[][] output = {};

    Arrays(GemmModel model, float[] row) throws OrtException {
      super(model);
      rows = new float[][] {row};
    }

    @Override
    public void once() throws OrtException {
      try (OnnxTensor input = OnnxTensor.createTensor(environment, rows);
          OrtSession.Result result = session.run(Map.of("x", input))) {
        output = (float[][]) result.get(0).getValue();
      }
    }

    @Override
    public float[] output() {
      return output[0];
    }
  }
}
