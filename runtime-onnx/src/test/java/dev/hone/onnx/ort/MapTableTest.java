package dev.hone.onnx.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.onnxruntime.OrtValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What maps of keys to numbers become. */
@ExtendWith(NoLeaks.class)
class MapTableTest {
  private final Deque<Tensor> parts = new ArrayDeque<>();
  private final MapTable table =
      new MapTable((map, part) -> new OrtValue(), value -> parts.removeFirst());

  private void add(Supplier<Tensor> keys, Supplier<Tensor> values) {
    parts.add(keys.get());
    parts.add(values.get());
    table.add(new OrtValue());
  }

  private Map<String, List<Object>> read() {
    Map<String, List<Object>> read = new LinkedHashMap<>();
    table.into(
        "p",
        (name, tensor) -> {
          List<Object> said = new ArrayList<>(List.of(tensor.type(), tensor.shape()));
          said.add(
              tensor.type() == DataType.STRING
                  ? List.of(tensor.toStringArray())
                  : tensor.type() == DataType.INT64
                      ? tensor.toLongArray()
                      : tensor.toDoubleArray());
          read.put(name, said);
          tensor.close();
        });
    return read;
  }

  @Test
  void aKeyThatAMapLacksIsZeroThere() {
    add(() -> Tensor.of(new long[] {7, 3}), () -> Tensor.of(new float[] {0.5f, 0.25f}));
    add(() -> Tensor.of(new long[] {9}), () -> Tensor.of(new float[] {1}));
    Map<String, List<Object>> read = read();
    assertThat(read.get("p"))
        .containsExactly(DataType.FLOAT32, Shape.of(2, 3), new double[] {0.25, 0.5, 0, 0, 0, 1});
    assertThat(read.get("p.keys"))
        .containsExactly(DataType.INT64, Shape.of(3), new long[] {3, 7, 9});
  }

  @Test
  void mapsThatAreAllEmptyAreAMatrixWithoutColumns() {
    add(() -> Tensor.of(new long[0]), () -> Tensor.of(new float[0]));
    add(() -> Tensor.of(new long[0]), () -> Tensor.of(new float[0]));
    Map<String, List<Object>> read = read();
    assertThat(read.get("p")).startsWith(DataType.FLOAT32, Shape.of(2, 0));
    assertThat(read.get("p.keys")).startsWith(DataType.INT64, Shape.of(0));
  }

  @Test
  void keysOfEmptyMapsKeepTheirType() {
    add(() -> Tensor.of(new String[0]), () -> Tensor.of(new double[0]));
    Map<String, List<Object>> read = read();
    assertThat(read.get("p")).startsWith(DataType.FLOAT64, Shape.of(1, 0));
    assertThat(read.get("p.keys")).startsWith(DataType.STRING, Shape.of(0));
  }

  @Test
  void mapsToWholeNumbersAreRefused() {
    assertThatThrownBy(() -> add(() -> Tensor.of(new long[] {1}), () -> Tensor.of(new long[] {1})))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("INT64", "RunOptions.withOutputs");
  }
}
