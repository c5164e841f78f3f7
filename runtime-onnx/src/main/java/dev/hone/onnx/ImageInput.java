package dev.hone.onnx;

import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Puts the first step of an image model into it: bytes, pixel after pixel, become normalized
 * numbers, plane after plane. Then a program hands over images as they are decoded, a quarter of
 * the bytes.
 *
 * <pre>{@code
 * float[] mean = {0.485f, 0.456f, 0.406f};
 * float[] deviation = {0.229f, 0.224f, 0.225f};
 * Model fromBytes = ImageInput.of(model, "pixel_values", mean, deviation);
 * }</pre>
 *
 * <p>A byte b of channel c becomes {@code b / (255 deviation[c]) - mean[c] / deviation[c]}, which
 * is {@code (b / 255 - mean[c]) / deviation[c]}, rounded twice.
 */
public final class ImageInput {
  private static final float GREATEST_BYTE = 255;

  private ImageInput() {}

  /**
   * The model with that step in it; the one that is given stays as it is.
   *
   * @param model an ONNX model
   * @param input its input of images, {@code FLOAT32} or {@code FLOAT16} of {@code [images,
   *     channels, height, width]}; it becomes {@code UINT8[images, height, width, channels]}
   * @param mean of each channel, where bytes count from 0 to 1
   * @param deviation of each channel, greater than 0
   * @throws IllegalArgumentException if it is not such a model, or the numbers do not fit it
   */
  public static Model of(Model model, String input, float[] mean, float[] deviation) {
    OnnxModel onnx = OnnxModel.require(model);
    ModelData data = onnx.data().copy();
    data.freeInitializers();
    prepend(data.graph(), input(data, input, mean, deviation), mean, deviation);
    return OnnxModel.of(onnx.name(), data);
  }

  private static ValueInfo input(ModelData data, String name, float[] mean, float[] deviation) {
    ValueInfo input =
        data.graph().inputs().stream()
            .filter(info -> info.name().equals(name))
            .findFirst()
            .orElse(null);
    DataType type = input == null ? null : input.type().type();
    boolean floats = type == DataType.FLOAT32 || type == DataType.FLOAT16;
    if (input == null || !floats || input.type().rank().orElse(0) != 4) {
      throw new IllegalArgumentException(
          "Images must be an input of floats with four dimensions, but '"
              + name
              + "' is "
              + (input == null ? "no input" : input.type())
              + ". The model has\n"
              + data.signature());
    }
    long channels = input.type().dimension(1).length().orElse(mean.length);
    boolean positive = true;
    for (float each : deviation) {
      positive &= each > 0;
    }
    if (mean.length != channels || deviation.length != channels || !positive) {
      throw new IllegalArgumentException(
          "There must be a mean and a deviation above 0 for each of "
              + channels
              + " channels, but they are "
              + Arrays.toString(mean)
              + " and "
              + Arrays.toString(deviation)
              + ".");
    }
    return input;
  }

  private static void prepend(Graph graph, ValueInfo input, float[] mean, float[] deviation) {
    int channels = mean.length;
    float[] factors = new float[channels];
    float[] summands = new float[channels];
    for (int c = 0; c < channels; c++) {
      factors[c] = 1 / (GREATEST_BYTE * deviation[c]);
      summands[c] = -mean[c] / deviation[c];
    }
    Shape plane = Shape.of(1, channels, 1, 1);
    String factor = graph.addInitializer("factor", TensorData.ofFloats("", plane, factors));
    String summand = graph.addInitializer("summand", TensorData.ofFloats("", plane, summands));
    String images = input.name();
    String numbers = graph.uniqueName("numbers");
    String planes = graph.uniqueName("planes");
    String scaled = graph.uniqueName("scaled");
    String ready = graph.uniqueName(images + "_normalized");
    graph.replaceUses(images, ready);
    boolean half = input.type().type() == DataType.FLOAT16;
    String sum = half ? graph.uniqueName("sum") : ready;
    List<Node> nodes = new ArrayList<>();
    nodes.add(
        Node.of(
            "Transpose",
            List.of(images),
            List.of(planes),
            Attribute.of("perm", new long[] {0, 3, 1, 2})));
    nodes.add(Cast.of(planes, numbers, DataType.FLOAT32));
    nodes.add(Node.of("Mul", List.of(numbers, factor), List.of(scaled)));
    nodes.add(Node.of("Add", List.of(scaled, summand), List.of(sum)));
    if (half) {
      nodes.add(Cast.of(sum, ready, DataType.FLOAT16));
    }
    graph.add(nodes.toArray(Node[]::new));
    graph.sort();
    graph.replaceInput(
        ValueInfo.tensor(
            images,
            DataType.UINT8,
            input.type().dimension(0),
            input.type().dimension(2),
            input.type().dimension(3),
            Dimension.of(channels)));
  }
}
