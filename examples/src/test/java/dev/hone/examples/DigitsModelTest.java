package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.hone.Session;
import dev.hone.examples.Tabular.Digit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Trains the model that ships with {@link Tabular}, and holds it against the one that ships. */
class DigitsModelTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  /** After a change of the training: run with -Dhone.digits.write=FILE, and ship that file. */
  @Test
  void theModelThatShipsIsTheOneThatTheTrainingMakes() throws IOException {
    List<Digit> learned = Tabular.digits().subList(0, Tabular.FIRST_UNSEEN_ROW);
    byte[] made = model(DigitsTraining.on(learned)).toByteArray();
    String target = System.getProperty("hone.digits.write");
    if (target != null) {
      Files.write(Path.of(target), made);
    }
    try (InputStream shipped =
        Objects.requireNonNull(Tabular.class.getResourceAsStream("digits.onnx"))) {
      assertThat(made).isEqualTo(shipped.readAllBytes());
    }
  }

  @Test
  void allThreeWaysReadTheSameAndAlmostAlwaysRight() throws IOException {
    List<Digit> digits = Tabular.digits();
    List<Digit> unseen = digits.subList(Tabular.FIRST_UNSEEN_ROW, digits.size());
    float[][] rows = unseen.stream().map(Digit::pixels).toArray(float[][]::new);
    try (Session session = Tabular.open()) {
      long[] read = Tabular.allAtOnce(session, rows);
      assertThat(Tabular.oneByOne(session, rows)).isEqualTo(read);
      assertThat(Tabular.oneByOneReusing(session, rows)).isEqualTo(read);
      long right = 0;
      for (int i = 0; i < read.length; i++) {
        right += read[i] == unseen.get(i).label() ? 1 : 0;
      }
      assertThat(right).isGreaterThan(read.length * 9L / 10);
    }
  }

  private static ModelProto model(DigitsTraining network) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("digits")
            .addInput(value("pixels", FLOAT, 64))
            .addOutput(value("probabilities", FLOAT, 10))
            .addOutput(value("digit", INT64))
            .addInitializer(weights("first.weight", network.first.weights, 1f / 16))
            .addInitializer(weights("first.bias", new float[][] {network.first.biases}, 1))
            .addInitializer(weights("second.weight", network.second.weights, 1))
            .addInitializer(weights("second.bias", new float[][] {network.second.biases}, 1))
            .addNode(gemm("pixels", "first", "hidden"))
            .addNode(node("Relu", "hidden", "active"))
            .addNode(gemm("active", "second", "scores"))
            .addNode(node("Softmax", "scores", "probabilities").addAttribute(integer("axis", 1)))
            .addNode(
                node("ArgMax", "scores", "digit")
                    .addAttribute(integer("axis", 1))
                    .addAttribute(integer("keepdims", 0)));
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setProducerName("hone-examples")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph)
        .build();
  }

  private static NodeProto.Builder gemm(String input, String layer, String output) {
    return node("Gemm", input, output)
        .addInput(layer + ".weight")
        .addInput(layer + ".bias")
        .addAttribute(integer("transB", 1));
  }

  private static NodeProto.Builder node(String operator, String input, String output) {
    return NodeProto.newBuilder().setOpType(operator).addInput(input).addOutput(output);
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /** One row makes a vector. */
  private static TensorProto weights(String name, float[][] rows, float factor) {
    ByteBuffer bytes =
        ByteBuffer.allocate(rows.length * rows[0].length * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float value : row) {
        bytes.putFloat(value * factor);
      }
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(FLOAT)
            .setRawData(ByteString.copyFrom(bytes.array()));
    if (rows.length > 1) {
      tensor.addDims(rows.length);
    }
    return tensor.addDims(rows[0].length).build();
  }

  private static ValueInfoProto value(String name, int type, long... lengths) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("rows"));
    for (long length : lengths) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(length));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
        .build();
  }
}
