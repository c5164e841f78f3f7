package dev.hone.benchmarks.inputs;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.Random;

/**
 * A model that looks words up and puts their vectors through a dense layer. Input {@code ids}
 * INT64[batch, 8], output {@code y} FLOAT32[batch, 16]. An id beyond its vocabulary makes the run
 * fail, and with it all that share its batch.
 */
public final class LookupModel {
  /** Ids of one row. */
  public static final int LENGTH = 8;

  /** Ids from 0 to below this are good. */
  public static final int VOCABULARY = 64;

  private static final int WIDTH = 16;

  private LookupModel() {}

  /** The ONNX file. */
  public static byte[] bytes() {
    Random random = new Random(3);
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("lookup")
            .addInput(OnnxParts.value("ids", TensorProto.DataType.INT64, LENGTH))
            .addOutput(OnnxParts.value("y", TensorProto.DataType.FLOAT, WIDTH))
            .addInitializer(weights("words", random, VOCABULARY, WIDTH))
            .addInitializer(weights("dense", random, LENGTH * WIDTH, WIDTH))
            .addNode(node("Gather", "found", "words", "ids"))
            .addNode(node("Flatten", "flat", "found"))
            .addNode(node("MatMul", "y", "flat", "dense"));
    return OnnxParts.model(graph);
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setName(output).setOpType(operator).addOutput(output);
    for (String input : inputs) {
      node.addInput(input);
    }
    return node.build();
  }

  private static TensorProto weights(String name, Random random, int rows, int columns) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addDims(rows)
            .addDims(columns);
    for (int i = 0; i < rows * columns; i++) {
      tensor.addFloatData((float) random.nextGaussian());
    }
    return tensor.build();
  }
}
