package dev.hone.onnx.conformance;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtUtil;
import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model through ONNX Runtime's own Java API, which speaks to the same native library: what that
 * gives or refuses as well is not our doing. Tensors only.
 */
final class OwnApi {
  private OwnApi() {}

  /**
   * What it says when it refuses to run the model, or null if it runs it.
   *
   * @throws UnsupportedOperationException if it takes no tensors of such types
   */
  static @Nullable String refusal(Path model, Batch in) {
    try {
      run(model, in, result -> true);
      return null;
    } catch (OrtException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Whether it gives these outputs, to the last bit.
   *
   * @throws UnsupportedOperationException if it takes no tensors of such types
   */
  static boolean gives(Path model, Batch in, Batch out) {
    try {
      return run(model, in, result -> isSame(result, out));
    } catch (OrtException e) {
      return false;
    }
  }

  @FunctionalInterface
  private interface Question {
    boolean ask(OrtSession.Result result) throws OrtException;
  }

  private static boolean run(Path model, Batch in, Question question) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      for (int i = 0; i < in.size(); i++) {
        inputs.put(in.name(i), tensor(environment, in.tensor(i)));
      }
      try (OrtSession session = environment.createSession(model.toString(), options);
          OrtSession.Result result = session.run(inputs)) {
        return question.ask(result);
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] shape = tensor.shape().toArray();
    if (tensor.type() == DataType.STRING) {
      return OnnxTensor.createTensor(environment, tensor.toStringArray(), shape);
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect((int) tensor.byteSize()).order(ByteOrder.nativeOrder());
    bytes.put(tensor.toByteArray()).flip();
    return OnnxTensor.createTensor(environment, bytes, shape, type(tensor.type()));
  }

  private static OnnxJavaType type(DataType type) {
    return switch (type) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      case INT8 -> OnnxJavaType.INT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      default -> throw new UnsupportedOperationException("That API has no " + type);
    };
  }

  private static boolean isSame(OrtSession.Result result, Batch out) throws OrtException {
    if (result.size() != out.size()) {
      return false;
    }
    for (Map.Entry<String, OnnxValue> entry : result) {
      int index = out.indexOf(entry.getKey());
      if (index < 0
          || !(entry.getValue() instanceof OnnxTensor tensor)
          || !isSame(tensor, out.tensor(index))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSame(OnnxTensor theirs, Tensor ours) throws OrtException {
    if (!Arrays.equals(theirs.getInfo().getShape(), ours.shape().toArray())) {
      return false;
    }
    if (ours.type() == DataType.STRING) {
      return Arrays.equals(OrtUtil.flattenString(theirs.getValue()), ours.toStringArray());
    }
    return theirs.getInfo().type == type(ours.type())
        && theirs.getByteBuffer().equals(ByteBuffer.wrap(ours.toByteArray()));
  }
}
