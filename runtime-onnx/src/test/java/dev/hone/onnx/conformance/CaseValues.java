package dev.hone.onnx.conformance;

import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Signature.Kind;
import dev.hone.Tensor;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ProtoField;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The values of one input or output of a case, as {@code onnx-data.proto} has them in a file: one
 * tensor, or one for each element of a sequence, or none for an optional value that is not there.
 * They are named as a batch names them.
 */
final class CaseValues {
  private static final int TENSOR_NAME = 8;
  private static final int SEQUENCE_TENSORS = 3;
  private static final int OPTIONAL_TENSOR = 3;
  private static final int OPTIONAL_SEQUENCE = 5;

  private CaseValues() {}

  /**
   * Reads a file.
   *
   * @param info what the model says the value is
   * @return tensors for the caller to close
   * @throws UnsupportedOperationException if a tensor is of a type that Hone's tensors cannot hold
   */
  static Map<String, Tensor> read(Path file, ValueInfo info) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    if (info.type().optional()) {
      readOptional(bytes, info.name(), tensors);
    } else if (info.type().kind() == Kind.TENSOR) {
      tensors.put(info.name(), tensor(bytes, info.type().type()));
    } else if (info.type().kind() == Kind.SEQUENCE) {
      readSequence(bytes, info.name(), tensors);
    } else {
      throw new UnsupportedOperationException("No batch of Hone holds " + info);
    }
    return tensors;
  }

  private static void readOptional(byte[] bytes, String name, Map<String, Tensor> tensors) {
    field(bytes, OPTIONAL_TENSOR).ifPresent(t -> tensors.put(name, tensor(t.bytes(), null)));
    field(bytes, OPTIONAL_SEQUENCE).ifPresent(s -> readSequence(s.bytes(), name, tensors));
  }

  private static void readSequence(byte[] bytes, String name, Map<String, Tensor> tensors) {
    int index = 0;
    for (ProtoField field : ProtoField.of(bytes)) {
      if (field.number() == SEQUENCE_TENSORS) {
        tensors.put(name + "[" + index++ + "]", tensor(field.bytes(), null));
      }
    }
  }

  private static Optional<ProtoField> field(byte[] message, int number) {
    return ProtoField.of(message).stream().filter(field -> field.number() == number).findFirst();
  }

  /** Reads a tensor by making it the weight of an otherwise empty model. */
  private static Tensor tensor(byte[] message, @Nullable DataType declared) {
    byte[] named =
        ProtoField.join(
            message, ProtoField.encode(TENSOR_NAME, "w".getBytes(StandardCharsets.UTF_8)));
    byte[] graph =
        ProtoField.join(
            ProtoField.encode(2, "g".getBytes(StandardCharsets.UTF_8)),
            ProtoField.encode(5, named));
    byte[] model =
        ProtoField.join(
            ProtoField.encode(1, 8),
            ProtoField.encode(7, graph),
            ProtoField.encode(8, ProtoField.encode(2, 17)));
    List<TensorData> weights =
        List.copyOf(ModelData.read(ModelSource.of(model)).graph().initializers());
    return toTensor(weights.get(0), declared);
  }

  private static Tensor toTensor(TensorData data, @Nullable DataType declared) {
    boolean disguised = declared == DataType.BFLOAT16 && data.type() == DataType.UINT16;
    DataType type = disguised ? declared : data.type(); // NumPy, which wrote them, has no BFLOAT16
    if (type == null) {
      throw new UnsupportedOperationException("No tensor of Hone holds " + data);
    }
    if (type == DataType.STRING) {
      return Tensor.of(data.toStrings().toArray(String[]::new), data.shape().toArray());
    }
    Tensor tensor = Tensor.allocate(type, data.shape());
    if (tensor.byteSize() > 0) {
      tensor.view().put(data.bytes());
    }
    return tensor;
  }
}
