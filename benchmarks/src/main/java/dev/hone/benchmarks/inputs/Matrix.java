package dev.hone.benchmarks.inputs;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Weights of one product {@code y = x W}.
 *
 * @param name what it is called
 * @param rows the length of {@code x}
 * @param columns the length of {@code y}
 * @param values row by row
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record Matrix(String name, int rows, int columns, float[] values) {
  private static final int BLOCK = 32;
  private static final double OUTLIERS = 0.01;
  private static final double LEAST_SIGMA = 5;
  private static final double MOST_SIGMA = 10;

  /** How {@link #gaussianWithOutliers} are made, in a reader's words. */
  public static final String OUTLIERS_IN_WORDS =
      "Gaussian weights, of which one of 100 is an outlier: of either sign, and evenly between 5 and"
          + " 10 standard deviations";

  /** So many square matrices of {@link #OUTLIERS_IN_WORDS}, always the same ones. */
  public static List<Matrix> gaussianWithOutliers(int count, int size) {
    Random random = new Random(41);
    List<Matrix> matrices = new ArrayList<>();
    for (int m = 0; m < count; m++) {
      float[] values = new float[size * size];
      for (int i = 0; i < values.length; i++) {
        double value = random.nextGaussian();
        if (random.nextDouble() < OUTLIERS) {
          value =
              Math.signum(value) * (LEAST_SIGMA + (MOST_SIGMA - LEAST_SIGMA) * random.nextDouble());
        }
        values[i] = (float) (value / Math.sqrt(size));
      }
      matrices.add(new Matrix("gaussian" + m, size, size, values));
    }
    return matrices;
  }

  /** The weights of all {@code MatMul} of a model. */
  static List<Matrix> of(ModelProto model) {
    Map<String, TensorProto> constants = new LinkedHashMap<>();
    model.getGraph().getInitializerList().forEach(one -> constants.put(one.getName(), one));
    List<Matrix> matrices = new ArrayList<>();
    for (NodeProto node : model.getGraph().getNodeList()) {
      TensorProto weights = node.getInputCount() == 2 ? constants.get(node.getInput(1)) : null;
      if (node.getOpType().equals("MatMul") && weights != null && weights.getDimsCount() == 2) {
        int rows = (int) weights.getDims(0);
        int columns = (int) weights.getDims(1);
        float[] values = new float[rows * columns];
        if (weights.hasRawData()) {
          ByteBuffer raw = weights.getRawData().asReadOnlyByteBuffer();
          raw.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        } else {
          for (int i = 0; i < values.length; i++) {
            values[i] = weights.getFloatData(i);
          }
        }
        matrices.add(new Matrix(node.getName(), rows, columns, values));
      }
    }
    return matrices;
  }

  /** The ONNX file of a model that multiplies by each, of an input for each length of rows. */
  public static byte[] model(List<Matrix> matrices) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("products");
    Set<Integer> lengths = new LinkedHashSet<>();
    for (Matrix matrix : matrices) {
      if (lengths.add(matrix.rows)) {
        graph.addInput(OnnxParts.value("x" + matrix.rows, TensorProto.DataType.FLOAT, matrix.rows));
      }
      String output = matrix.name + "/y";
      graph.addOutput(OnnxParts.value(output, TensorProto.DataType.FLOAT, matrix.columns));
      graph.addInitializer(
          OnnxParts.tensor(matrix.name + "/w", matrix.values, matrix.rows, matrix.columns));
      graph.addNode(
          NodeProto.newBuilder()
              .setName(matrix.name)
              .setOpType("MatMul")
              .addInput("x" + matrix.rows)
              .addInput(matrix.name + "/w")
              .addOutput(output));
    }
    return OnnxParts.model(graph);
  }

  /**
   * How far the error of rounding to 4 bits around 0 lies below the weights, in decibels. Blocks
   * are of 32 weights of one column; the weight of greatest magnitude in a block gets the code -8
   * of -8 to 7. So does ONNX Runtime's tool {@code matmul_nbits_quantizer} by default.
   */
  public double decibelsRoundedAroundZero() {
    double signal = 0;
    double noise = 0;
    for (int column = 0; column < columns; column++) {
      for (int from = 0; from < rows; from += BLOCK) {
        int to = Math.min(rows, from + BLOCK);
        float peak = 0;
        for (int row = from; row < to; row++) {
          float value = values[row * columns + column];
          peak = Math.abs(value) > Math.abs(peak) ? value : peak;
        }
        float scale = peak == 0 ? 1 : peak / -8;
        for (int row = from; row < to; row++) {
          float value = values[row * columns + column];
          double error = scale * Math.max(-8, Math.min(7, Math.rint(value / scale))) - value;
          signal += (double) value * value;
          noise += error * error;
        }
      }
    }
    return 10 * Math.log10(signal / noise);
  }
}
