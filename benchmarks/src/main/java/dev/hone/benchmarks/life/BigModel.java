package dev.hone.benchmarks.life;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.hone.benchmarks.inputs.OnnxParts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model with 2.5 GiB of weights in a file beside it: a table of which rows are looked up. The
 * file is full of holes, so it takes next to no room; only the last row is not zero.
 */
final class BigModel {
  static final long ROWS = 655_360;

  private static final int WIDTH = 1024;
  private static final String WEIGHTS = "big.weights";

  private BigModel() {}

  /** Writes the model and its weights into a folder; returns the model's file. */
  static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    ByteBuffer last = ByteBuffer.allocate(WIDTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < WIDTH; i++) {
      last.putFloat(i);
    }
    try (RandomAccessFile weights = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
      weights.seek((ROWS - 1) * WIDTH * Float.BYTES);
      weights.write(last.array());
    }
    Path file = folder.resolve("big.onnx");
    Files.write(file, model());
    return file;
  }

  static void delete(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(WEIGHTS));
    Files.deleteIfExists(folder.resolve("big.onnx"));
  }

  private static byte[] model() {
    return OnnxParts.model(
        GraphProto.newBuilder()
            .setName("big")
            .addInput(OnnxParts.value("row", TensorProto.DataType.INT64))
            .addOutput(OnnxParts.value("y", TensorProto.DataType.FLOAT, WIDTH))
            .addInitializer(table())
            .addNode(
                NodeProto.newBuilder()
                    .setName("lookup")
                    .setOpType("Gather")
                    .addInput("table")
                    .addInput("row")
                    .addOutput("y")));
  }

  private static TensorProto table() {
    return TensorProto.newBuilder()
        .setName("table")
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addDims(ROWS)
        .addDims(WIDTH)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", WEIGHTS))
        .addExternalData(entry("offset", "0"))
        .addExternalData(entry("length", Long.toString(ROWS * WIDTH * Float.BYTES)))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  /**
   * Checks the last row.
   *
   * @throws IllegalStateException if it is not what was written
   */
  static void check(float[] row) {
    for (int i = 0; i < WIDTH; i++) {
      if (row.length != WIDTH || row[i] != i) {
        throw new IllegalStateException("The last row is not what was written.");
      }
    }
  }
}
