package dev.hone.onnx.passes;

import dev.hone.Batch;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A graph in the making, and the hand that draws it: always the same for one seed. */
abstract class Drawing {
  static final long OPSET = 17;

  final Random random;
  final Graph graph = new Graph("drawn");

  Drawing(long seed) {
    random = new Random(seed);
  }

  /** A kind of models to draw. */
  enum Kind {
    /** {@link DrawnModel}. */
    TEXTS {
      @Override
      ModelData draw(long seed) {
        return DrawnModel.draw(seed);
      }

      @Override
      List<Batch> batches(ModelData model, long seed) {
        return List.of(DrawnModel.batch(seed, 3), DrawnModel.overriding(model, seed, 2));
      }
    },
    /** {@link DrawnImageModel}. */
    PICTURES {
      @Override
      ModelData draw(long seed) {
        return DrawnImageModel.draw(seed);
      }

      @Override
      List<Batch> batches(ModelData model, long seed) {
        return List.of(DrawnImageModel.batch(seed, 3), DrawnImageModel.batch(seed, 1));
      }
    };

    /** The model of a seed. */
    abstract ModelData draw(long seed);

    /** Inputs for it, the first of them to calibrate with; the caller closes them. */
    abstract List<Batch> batches(ModelData model, long seed);
  }

  // ---- constants

  final float[] gaussian(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  final String vector(String hint, float[] values) {
    return graph.addInitializer(hint, TensorData.ofFloats("", Shape.of(values.length), values));
  }

  final String scalar(float value) {
    return graph.addInitializer("scalar", TensorData.ofFloats("", Shape.scalar(), value));
  }

  final String longs(long... values) {
    return graph.addInitializer("shape", TensorData.ofLongs("", Shape.of(values.length), values));
  }

  /** Weights in a {@code Constant} node, as some exporters write them. */
  final String held(TensorData weights) {
    return add(Node.of("Constant", List.of(), fresh("held"), Attribute.of("value", weights)));
  }

  // ---- nodes

  final List<String> fresh(String hint) {
    return List.of(graph.uniqueName(hint));
  }

  final String add(String op, String... inputs) {
    return add(Node.of(op, List.of(inputs), fresh(op.toLowerCase(Locale.ROOT))));
  }

  final String add(Node node) {
    graph.add(node);
    return node.output(0);
  }
}
