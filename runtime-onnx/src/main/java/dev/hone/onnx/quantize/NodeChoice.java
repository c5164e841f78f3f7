package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Node;

/**
 * What became of one node that quantization could have changed, and why.
 *
 * @param node the node's name, or its first output where it has none
 * @param operator its operator before the change
 * @param form what it became
 * @param reason one sentence for people
 * @param signalToNoiseDb how far the error of the node's weights lies below them, in decibels; NaN
 *     where it was not measured
 * @param outputDb how far the error that rounding its input and its weights brings into the node's
 *     output is expected to lie below that output, in decibels; NaN where it is not known
 */
public record NodeChoice(
    String node,
    String operator,
    Form form,
    String reason,
    double signalToNoiseDb,
    double outputDb) {
  /** One of whose output nothing is known. */
  public NodeChoice(
      String node, String operator, Form form, String reason, double signalToNoiseDb) {
    this(node, operator, form, reason, signalToNoiseDb, Double.NaN);
  }

  /** The forms a node can have. */
  public enum Form {
    /** As it was. */
    FLOAT,
    /** Integers of 8 bits in, with a scale fixed by calibration; floats out. */
    STATIC_INT8,
    /** Integers of 8 bits in and out, with scales fixed by calibration. */
    STATIC_INT8_IN_OUT,
    /** Integers of 8 bits in, with a scale taken from each input; floats out. */
    DYNAMIC_INT8,
    /** Weights of 8 bits in blocks or rows, floats in and out. */
    WEIGHT_INT8,
    /** Weights of 4 bits in blocks, floats in and out. */
    WEIGHT_INT4,
    /** Weights stored as half-precision floats, computed in single precision. */
    HALF_STORAGE,
    /** Computed with half-precision floats. */
    HALF_COMPUTE;

    /** Whether it computes with integers whose scales calibration fixed. */
    public boolean isStatic() {
      return this == STATIC_INT8 || this == STATIC_INT8_IN_OUT;
    }
  }

  /** How a choice names a node: by its name, or by its first output where it has none. */
  public static String nameOf(Node node) {
    return node.name().isEmpty() ? node.output(0) : node.name();
  }

  /** A node that stays as it is. */
  public static NodeChoice left(String node, String operator, String reason) {
    return new NodeChoice(node, operator, Form.FLOAT, reason, Double.NaN);
  }
}
