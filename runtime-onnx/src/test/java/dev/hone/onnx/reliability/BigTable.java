package dev.hone.onnx.reliability;

import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A model of one large table, 2.5 GB of external data that looks up rows: {@code y = Gather(table,
 * index)}; or of three that are as large together, whose rows are added. The file has holes, so it
 * takes next to no room on the disk; all of its values are 0 but the very last. Written byte by
 * byte, because what is tested should not prepare its own test. Field numbers are those of {@code
 * onnx.proto}.
 */
final class BigTable {
  /** Rows of the table. */
  static final long ROWS = 10_000_000;

  /** Rows of each of three tables. */
  static final long ROWS_OF_THREE = 3_200_000;

  /** The last value of the last row. */
  static final float LAST_VALUE = 42;

  private static final long COLUMNS = 64;
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private BigTable() {}

  /** Writes the model and its data into a folder. */
  static Path write(Path folder) throws IOException {
    return write(folder, join(lookUp("table", "y"), table("table", 0, ROWS)), ROWS);
  }

  /** Writes three tables, none of which has 2 GiB by itself. */
  static Path writeThree(Path folder) throws IOException {
    byte[] nodes = new byte[0];
    byte[] tables = new byte[0];
    for (int i = 0; i < 3; i++) {
      nodes = join(nodes, lookUp("table" + i, "y" + i));
      tables = join(tables, table("table" + i, i * ROWS_OF_THREE, ROWS_OF_THREE));
    }
    byte[] sum = encode(1, join(text(1, "y0"), text(1, "y1"), text(2, "s"), text(4, "Add")));
    byte[] all = encode(1, join(text(1, "s"), text(1, "y2"), text(2, "y"), text(4, "Add")));
    return write(folder, join(nodes, sum, all, tables), 3 * ROWS_OF_THREE);
  }

  private static Path write(Path folder, byte[] nodesAndTables, long rows) throws IOException {
    writeData(folder.resolve("table.data"), byteSize(rows));
    byte[] graph =
        join(
            nodesAndTables,
            text(2, "lookup"),
            encode(11, value("index", INT64, text(2, "n"))),
            encode(12, value("y", FLOAT, text(2, "n"), encode(1, COLUMNS))));
    byte[] model = join(encode(1, 8), encode(7, graph), encode(8, encode(2, 17)));
    return Files.write(folder.resolve("table.onnx"), model);
  }

  private static byte[] lookUp(String table, String output) {
    return encode(1, join(text(1, table), text(1, "index"), text(2, output), text(4, "Gather")));
  }

  private static void writeData(Path file, long byteSize) throws IOException {
    ByteBuffer last = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    last.putFloat(0, LAST_VALUE);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(last, byteSize - Float.BYTES);
    }
  }

  private static long byteSize(long rows) {
    return rows * COLUMNS * Float.BYTES;
  }

  private static byte[] table(String name, long firstRow, long rows) {
    return encode(
        5,
        join(
            encode(1, rows),
            encode(1, COLUMNS),
            encode(2, FLOAT),
            text(8, name),
            encode(13, entry("location", "table.data")),
            encode(13, entry("offset", Long.toString(byteSize(firstRow)))),
            encode(13, entry("length", Long.toString(byteSize(rows)))),
            encode(14, 1)));
  }

  private static byte[] entry(String key, String value) {
    return join(text(1, key), text(2, value));
  }

  /** A tensor's name and type. */
  private static byte[] value(String name, int elementType, byte[]... dimensions) {
    byte[] shape = new byte[0];
    for (byte[] dimension : dimensions) {
      shape = join(shape, encode(1, dimension));
    }
    byte[] tensor = join(encode(1, elementType), encode(2, shape));
    return join(text(1, name), encode(2, encode(1, tensor)));
  }

  private static byte[] text(int number, String value) {
    return encode(number, value.getBytes(UTF_8));
  }
}
