package dev.hone.benchmarks.rivals;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Tensor;
import dev.hone.benchmarks.measure.Rival;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model in ONNX Runtime's own Java API, at its full optimization, with direct buffers. */
public final class JavaApiRunner implements Runner {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession.SessionOptions options = new OrtSession.SessionOptions();
  private final OrtSession session;

  /** Opens the model of this source with so many threads. */
  public JavaApiRunner(ModelSource source, int threads) throws OrtException {
    options.setIntraOpNumThreads(threads);
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    if (source instanceof ModelSource.OfFile file) {
      session = environment.createSession(file.path().toString(), options);
    } else if (source instanceof ModelSource.OfBytes memory) {
      session = environment.createSession(memory.bytes().duplicate(), options);
    } else {
      throw new IllegalArgumentException("A model from nowhere: " + source);
    }
  }

  @Override
  public Rival over(Batch inputs) {
    Map<String, OnnxTensor> tensors = tensors(inputs);
    try (OrtSession.Result result = session.run(tensors)) {
      Map.Entry<String, OnnxValue> first = result.iterator().next();
      OnnxTensor tensor = (OnnxTensor) first.getValue();
      return new Pinned(tensors, first.getKey(), tensor.getInfo().getShape(), values(tensor));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Inputs and the first output in direct buffers, all tensors kept; computes nothing else. */
  private final class Pinned implements Rival {
    private final Map<String, OnnxTensor> inputs;
    private final float[] expected;
    private final FloatBuffer out;
    private final OnnxTensor output;
    private final Map<String, OnnxTensor> outputs;

    Pinned(Map<String, OnnxTensor> inputs, String name, long[] shape, float[] expected)
        throws OrtException {
      this.inputs = inputs;
      this.expected = expected;
      this.out = direct(expected.length * Float.BYTES).asFloatBuffer();
      this.output = OnnxTensor.createTensor(environment, out, shape);
      this.outputs = Map.of(name, output);
    }

    @Override
    public void once() throws OrtException {
      session.run(inputs, outputs).close();
    }

    @Override
    public void check() {
      float[] last = new float[expected.length];
      out.get(0, last);
      Unchanged.check(expected, last);
    }

    @Override
    public void close() {
      output.close();
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static float[] values(OnnxTensor tensor) {
    FloatBuffer values = tensor.getFloatBuffer();
    float[] array = new float[values.remaining()];
    values.get(array);
    return array;
  }

  @Override
  public float[] run(Batch inputs) {
    Map<String, OnnxTensor> tensors = tensors(inputs);
    try (OrtSession.Result result = session.run(tensors)) {
      return values((OnnxTensor) result.get(0));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private Map<String, OnnxTensor> tensors(Batch inputs) {
    Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      tensors.put(inputs.name(i), tensor(inputs.tensor(i)));
    }
    return tensors;
  }

  private OnnxTensor tensor(Tensor tensor) {
    boolean longs = tensor.type() == DataType.INT64;
    long[] shape = tensor.shape().toArray();
    try {
      if (longs) {
        long[] values = tensor.toLongArray();
        ByteBuffer bytes = direct(values.length * Long.BYTES);
        bytes.asLongBuffer().put(values);
        return OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.INT64);
      }
      float[] values = tensor.toFloatArray();
      ByteBuffer bytes = direct(values.length * Float.BYTES);
      bytes.asFloatBuffer().put(values);
      return OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.FLOAT);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
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
}
