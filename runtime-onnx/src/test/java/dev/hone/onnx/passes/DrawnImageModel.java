package dev.hone.onnx.passes;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A small convolutional net drawn by chance: {@code [batch, 3, 24, 24]} to a few classes, with what
 * real ones are made of: plain, strided, dilated, grouped and depthwise convolutions with and
 * without bias, batch normalization, activations of all kinds, pooling, sums around layers,
 * concatenation, squeeze and excitation; weights in {@code Constant} nodes, or shared by layers.
 */
final class DrawnImageModel extends Drawing {
  private static final int SIDE = 24;
  private static final int COLORS = 3;
  private static final int CLASSES = 10;
  private static final int WIDTH = 32;

  /** A value in the making, and what is known about it. */
  private record Layer(String value, int channels, int side) {}

  private final List<Layer> layers = new ArrayList<>();
  private final List<String> sharedWeights = new ArrayList<>();

  private DrawnImageModel(long seed) {
    super(seed);
  }

  /** The model of a seed. */
  static ModelData draw(long seed) {
    DrawnImageModel drawn = new DrawnImageModel(seed);
    drawn.input();
    int depth = 4 + drawn.random.nextInt(5);
    for (int i = 0; i < depth; i++) {
      drawn.layers.add(drawn.layer(drawn.last()));
    }
    drawn.outputs();
    return ModelData.of(drawn.graph, OPSET);
  }

  /** Pictures: noise around a brightness of their own. */
  static Batch batch(long seed, int rows) {
    Random random = new Random(seed);
    int each = COLORS * SIDE * SIDE;
    float[] pixels = new float[rows * each];
    for (int row = 0; row < rows; row++) {
      float brightness = random.nextFloat() - 0.5f;
      for (int i = 0; i < each; i++) {
        pixels[row * each + i] = brightness + (float) random.nextGaussian() / 2;
      }
    }
    return Batch.of("x", Tensor.of(pixels, rows, COLORS, SIDE, SIDE));
  }

  private Layer last() {
    return layers.get(layers.size() - 1);
  }

  private void input() {
    Dimension side = Dimension.of(SIDE);
    graph.addInput(
        ValueInfo.tensor(
            "x", DataType.FLOAT32, Dimension.of("batch"), Dimension.of(COLORS), side, side));
    layers.add(activated(conv(new Layer("x", COLORS, SIDE), WIDTH, 3, 1, 1)));
  }

  private void outputs() {
    String pooled = add("GlobalAveragePool", last().value());
    String flat = add("Flatten", pooled);
    TensorData weights =
        TensorData.ofFloats(
            "",
            Shape.of(last().channels(), CLASSES),
            gaussian(last().channels() * CLASSES, 1 / Math.sqrt(last().channels())));
    String bias = vector("bias", gaussian(CLASSES, 0.1));
    graph.addOutput(
        ModelRuns.floats(add("Gemm", flat, graph.addInitializer("classes", weights), bias)));
    if (random.nextInt(3) == 0) {
      graph.addOutput(ModelRuns.floats(last().value()));
    }
  }

  private Layer layer(Layer x) {
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> activated(conv(x, WIDTH, 3, 1, 1));
      case 3 -> activated(conv(x, WIDTH * (1 + random.nextInt(2)), 1, 1, 1));
      case 4 -> activated(conv(x, x.channels(), 3, 1, x.channels()));
      case 5 -> activated(conv(x, WIDTH, 3, 1 + random.nextInt(2), 2));
      case 6 -> pooled(x);
      case 7 -> excited(x);
      case 8 -> joined(x);
      default -> sum(x);
    };
  }

  /** A convolution that keeps the picture's size but for its stride, here and there normalized. */
  private Layer conv(Layer x, int outputs, int kernel, int stride, int groups) {
    int dilation = kernel > 1 && stride == 1 && random.nextInt(5) == 0 ? 2 : 1;
    int pad = dilation * (kernel - 1) / 2;
    List<String> inputs = new ArrayList<>(List.of(x.value(), weights(x, outputs, kernel, groups)));
    if (random.nextBoolean()) {
      inputs.add(vector("bias", gaussian(outputs, 0.1)));
    }
    Node conv =
        Node.of(
            "Conv",
            inputs,
            fresh("conv"),
            Attribute.of("kernel_shape", kernel, kernel),
            Attribute.of("strides", stride, stride),
            Attribute.of("group", (long) groups));
    if (stride == 1 && dilation == 1 && random.nextInt(4) == 0) {
      conv.put(Attribute.of("auto_pad", "SAME_UPPER"));
    } else {
      conv.put(Attribute.of("pads", pad, pad, pad, pad));
      conv.put(Attribute.of("dilations", dilation, dilation));
    }
    Layer made = new Layer(add(conv), outputs, (x.side() - 1) / stride + 1);
    return random.nextInt(3) == 0 ? normalized(made) : made;
  }

  private String weights(Layer x, int outputs, int kernel, int groups) {
    int inputs = x.channels() / groups;
    boolean common = inputs == WIDTH && outputs == WIDTH && kernel == 3;
    if (common && !sharedWeights.isEmpty() && random.nextInt(4) == 0) {
      return sharedWeights.get(random.nextInt(sharedWeights.size()));
    }
    int each = inputs * kernel * kernel;
    TensorData weights =
        TensorData.ofFloats(
            "",
            Shape.of(outputs, inputs, kernel, kernel),
            gaussian(outputs * each, Math.sqrt(2.0 / each)));
    String name = random.nextInt(5) == 0 ? held(weights) : graph.addInitializer("weights", weights);
    if (common) {
      sharedWeights.add(name);
    }
    return name;
  }

  private Layer normalized(Layer x) {
    float[] variances = gaussian(x.channels(), 0.3);
    for (int i = 0; i < variances.length; i++) {
      variances[i] = 0.5f + Math.abs(variances[i]);
    }
    return of(
        x,
        add(
            "BatchNormalization",
            x.value(),
            vector("gain", filled(x.channels(), 1.1f)),
            vector("shift", gaussian(x.channels(), 0.1)),
            vector("mean", gaussian(x.channels(), 0.2)),
            vector("variance", variances)));
  }

  private Layer activated(Layer x) {
    return switch (random.nextInt(7)) {
      case 0 -> x;
      case 1 -> of(x, add("HardSwish", x.value()));
      case 2 -> of(x, add("Clip", x.value(), scalar(0), scalar(6)));
      case 3 -> of(x, add("Mul", x.value(), add("Sigmoid", x.value())));
      case 4 ->
          of(
              x,
              add(
                  Node.of(
                      "LeakyRelu",
                      List.of(x.value()),
                      fresh("leaky"),
                      Attribute.of("alpha", 0.1f))));
      default -> of(x, add("Relu", x.value()));
    };
  }

  private Layer pooled(Layer x) {
    if (x.side() < 4) {
      return activated(x);
    }
    Node pool =
        Node.of(
            random.nextBoolean() ? "MaxPool" : "AveragePool",
            List.of(x.value()),
            fresh("pooled"),
            Attribute.of("kernel_shape", 2, 2),
            Attribute.of("strides", 2, 2));
    return new Layer(add(pool), x.channels(), (x.side() - 2) / 2 + 1);
  }

  /** Squeeze and excitation: each channel scaled by what the whole picture says. */
  private Layer excited(Layer x) {
    Layer one = new Layer(add("GlobalAveragePool", x.value()), x.channels(), 1);
    Layer few = conv(one, 8, 1, 1, 1);
    Layer back = conv(new Layer(add("Relu", few.value()), 8, 1), x.channels(), 1, 1, 1);
    return of(x, add("Mul", x.value(), add("HardSigmoid", back.value())));
  }

  private Layer joined(Layer x) {
    Layer other = activated(conv(x, WIDTH, 1, 1, 1));
    Node concat =
        Node.of(
            "Concat", List.of(x.value(), other.value()), fresh("joined"), Attribute.of("axis", 1L));
    return new Layer(add(concat), x.channels() + other.channels(), x.side());
  }

  /** A sum with a value of the same shape, around what lies between. */
  private Layer sum(Layer x) {
    List<Layer> alike =
        layers.stream()
            .filter(other -> other.channels() == x.channels() && other.side() == x.side())
            .toList();
    Layer other = alike.get(random.nextInt(alike.size()));
    return activated(of(x, add("Add", conv(x, x.channels(), 3, 1, 1).value(), other.value())));
  }

  private static Layer of(Layer x, String value) {
    return new Layer(value, x.channels(), x.side());
  }
}
