package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The step in the graph against the same step in Java, as the kernel is. */
class ImageInputTest {
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

  /** Gives back what it gets. */
  private static Model echo(DataType type) {
    Graph graph = new Graph("echo");
    Dimension[] dimensions = {
      Dimension.of("images"), Dimension.of(3), Dimension.of("height"), Dimension.of("width")
    };
    graph.addInput(ValueInfo.tensor("pixels", type, dimensions));
    graph.add(Node.of("Identity", List.of("pixels"), List.of("y")));
    graph.addOutput(ValueInfo.tensor("y", type, dimensions));
    return ModelRuns.model(ModelData.of(graph, 17));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT16"})
  void theStepIsThatOfJava(DataType type) {
    int images = 2;
    int height = 5;
    int width = 7;
    byte[] bytes = new byte[images * height * width * 3];
    new Random(4).nextBytes(bytes);
    float[] expected = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      int c = i % 3;
      int pixel = i / 3 % (height * width);
      int image = i / 3 / (height * width);
      expected[(image * 3 + c) * height * width + pixel] =
          ((bytes[i] & 0xFF) / 255f - MEAN[c]) / DEVIATION[c];
    }
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
    direct.put(bytes).flip();
    try (Session session = Session.open(ImageInput.of(echo(type), "pixels", MEAN, DEVIATION));
        Batch in =
            Batch.of(
                "pixels", Tensor.wrap(DataType.UINT8, Shape.of(images, height, width, 3), direct));
        Batch out = session.run(in)) {
      assertThat(out.get("y").type()).isEqualTo(type);
      assertThat(out.get("y").toFloatArray())
          .containsExactly(expected, within(type == DataType.FLOAT32 ? 1e-6f : 2e-3f));
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Model echo = echo(DataType.FLOAT32);
    assertThatThrownBy(() -> ImageInput.of(echo, "image", MEAN, DEVIATION))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("'image' is no input", "pixels");
    assertThatThrownBy(() -> ImageInput.of(echo, "pixels", new float[1], DEVIATION))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("each of 3 channels");
    assertThatThrownBy(() -> ImageInput.of(echo, "pixels", MEAN, new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("above 0");
  }
}
