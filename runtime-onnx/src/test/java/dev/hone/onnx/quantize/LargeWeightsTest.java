package dev.hone.onnx.quantize;

import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.ModelSource;
import dev.hone.onnx.graph.ModelData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single weights of more than 2 GiB: they stay, and each pass says why. */
class LargeWeightsTest {
  private static final int FLOAT = 1;

  @TempDir private Path folder = Path.of("");

  /** A node that reads {@code x} and a weight from a file with nothing but holes in it. */
  private ModelData model(String op, boolean weightFirst, long... shape) throws IOException {
    long bytes = Float.BYTES;
    byte[] dims = new byte[0];
    for (long length : shape) {
      bytes *= length;
      dims = join(dims, encode(1, length));
    }
    assertThat(bytes).isGreaterThan(Integer.MAX_VALUE);
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve("w.data"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
    }
    byte[] location = join(text(1, "location"), text(2, "w.data"));
    byte[] weight = join(dims, encode(2, FLOAT), text(8, "w"), encode(13, location), encode(14, 1));
    byte[] inputs =
        weightFirst ? join(text(1, "w"), text(1, "x")) : join(text(1, "x"), text(1, "w"));
    byte[] node = join(inputs, text(2, "y"), text(3, "reader"), text(4, op));
    int element = weightFirst ? 7 : FLOAT;
    byte[] x = join(text(1, "x"), encode(2, encode(1, encode(1, element))));
    byte[] y = join(text(1, "y"), encode(2, encode(1, encode(1, FLOAT))));
    byte[] graph =
        join(encode(1, node), text(2, "large"), encode(5, weight), encode(11, x), encode(12, y));
    Path file = folder.resolve("large.onnx");
    Files.write(file, join(encode(1, 8), encode(7, graph), encode(8, encode(2, 17))));
    return ModelData.read(ModelSource.of(file));
  }

  private static byte[] text(int number, String value) {
    return encode(number, value.getBytes(UTF_8));
  }

  private static void stays(List<NodeChoice> choices, String... words) {
    assertThat(choices)
        .singleElement()
        .satisfies(
            choice -> {
              assertThat(choice.form()).isEqualTo(NodeChoice.Form.FLOAT);
              assertThat(choice.reason()).contains(words);
            });
  }

  @Test
  void aMatrixThatIsTooLargeStays() throws IOException {
    ModelData model = model("MatMul", false, 32768, 16500);
    stays(DynamicDense.apply(model, Set.of()), "FLOAT32[32768, 16500]", "larger than the 2 GiB");
    stays(BlockWeights.apply(model, BlockQuantizer.INT4, Set.of()), "larger than the 2 GiB");
    assertThat(StaticDense.valuesToCalibrate(model)).isEmpty();
    stays(HalfStorage.apply(model, Set.of()), "2 GiB or more");
    stays(HalfCompute.apply(model, Set.of()), "2 GiB or more");
  }

  @Test
  void aTableThatIsTooLargeStays() throws IOException {
    ModelData model = model("Gather", true, 9_000_000, 64);
    stays(EmbeddingRows.apply(model, Set.of()), "2 GiB or more", "several tables");
    stays(HalfStorage.apply(model, Set.of()), "2 GiB or more");
  }

  @Test
  void aConvolutionThatIsTooLargeStays() throws IOException {
    ModelData model = model("Conv", false, 1024, 1024, 23, 23);
    assertThat(StaticConv.valuesToCalibrate(model)).isEmpty();
    stays(StaticConv.apply(model, value -> null, 1, Set.of()), "2 GiB or more");
    stays(HalfCompute.apply(model, Set.of()), "2 GiB or more");
  }
}
