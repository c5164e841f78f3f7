package dev.hone.benchmarks.monitoring;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.hone.Model;
import dev.hone.benchmarks.inputs.TextModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * MiniLM with noise on its weights: to each matrix, normally distributed noise whose standard
 * deviation is a share of the root mean square of the matrix.
 */
final class NoisedModel {
  private final ModelProto model;

  NoisedModel() throws IOException {
    String resource = "/all-minilm-l6-v2.onnx";
    try (InputStream in = Objects.requireNonNull(TextModel.class.getResourceAsStream(resource))) {
      model = ModelProto.parseFrom(in);
    }
  }

  /** The model with so much noise. */
  Model with(double share, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ModelProto.Builder noised = model.toBuilder();
    int matrices = 0;
    for (TensorProto.Builder tensor : noised.getGraphBuilder().getInitializerBuilderList()) {
      if (isMatrix(tensor)) {
        tensor.setRawData(noised(tensor.getRawData(), share, random));
        matrices++;
      }
    }
    if (matrices == 0) {
      throw new IllegalStateException("The model has no matrices of raw FP32 to put noise on.");
    }
    return Model.load(noised.build().toByteArray());
  }

  private static boolean isMatrix(TensorProto.Builder tensor) {
    return tensor.getDimsCount() >= 2
        && tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()
        && !tensor.getRawData().isEmpty();
  }

  private static ByteString noised(ByteString bytes, double share, SplittableRandom random) {
    ByteBuffer copy = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer values = copy.asFloatBuffer();
    double squares = 0;
    for (int i = 0; i < values.limit(); i++) {
      squares += (double) values.get(i) * values.get(i);
    }
    double deviation = share * Math.sqrt(squares / values.limit());
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, (float) (values.get(i) + deviation * random.nextGaussian()));
    }
    return ByteString.copyFrom(copy);
  }
}
