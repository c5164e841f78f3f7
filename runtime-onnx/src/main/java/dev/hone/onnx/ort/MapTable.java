package dev.hone.onnx.ort;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.onnxruntime.OrtValue;

/**
 * Collects maps of keys to floats into a matrix: a row for each map, a column for each key that any
 * map has. So maps that are all empty become a matrix without columns.
 */
final class MapTable {
  private static final int KEYS = 0; // how ONNX Runtime numbers the two parts of a map
  private static final int VALUES = 1;

  private final BiFunction<OrtValue, Integer, OrtValue> part;
  private final Function<OrtValue, Tensor> tensorOf;
  private final List<TreeMap<Object, Double>> rows = new ArrayList<>();
  private final TreeSet<Object> keys = new TreeSet<>();
  private DataType valueType = DataType.FLOAT32;
  private boolean named; // keys are texts: known even where no map has any

  MapTable(BiFunction<OrtValue, Integer, OrtValue> part, Function<OrtValue, Tensor> tensorOf) {
    this.part = part;
    this.tensorOf = tensorOf;
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  MapTable add(OrtValue map) {
    TreeMap<Object, Double> row = new TreeMap<>();
    try (Tensor keyTensor = tensorOf.apply(part.apply(map, KEYS));
        Tensor valueTensor = tensorOf.apply(part.apply(map, VALUES))) {
      if (!valueTensor.type().isFloatingPoint()) {
        throw new HoneException(
            "A map of keys to "
                + valueTensor.type()
                + " cannot be read as a matrix. Select other outputs with RunOptions.withOutputs.");
      }
      valueType = valueTensor.type();
      named = keyTensor.type() == DataType.STRING;
      Object[] rowKeys = keysOf(keyTensor);
      double[] values = valueTensor.toDoubleArray();
      for (int i = 0; i < rowKeys.length; i++) {
        row.put(rowKeys[i], values[i]);
      }
    }
    rows.add(row);
    keys.addAll(row.keySet());
    return this;
  }

  private static Object[] keysOf(Tensor tensor) {
    if (tensor.type() == DataType.STRING) {
      return tensor.toStringArray();
    }
    long[] values = tensor.toLongArray();
    Object[] boxed = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      boxed[i] = values[i];
    }
    return boxed;
  }

  void into(String name, BiConsumer<String, Tensor> put) {
    double[] matrix = new double[rows.size() * keys.size()];
    int at = 0;
    for (TreeMap<Object, Double> row : rows) {
      for (Object key : keys) {
        matrix[at++] = row.getOrDefault(key, 0.0);
      }
    }
    put.accept(name, matrixTensor(matrix));
    put.accept(name + ".keys", keyTensor());
  }

  private Tensor matrixTensor(double[] matrix) {
    long[] shape = {rows.size(), keys.size()};
    if (valueType == DataType.FLOAT64) {
      return Tensor.of(matrix, shape);
    }
    float[] floats = new float[matrix.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) matrix[i];
    }
    return Tensor.of(floats, shape);
  }

  private Tensor keyTensor() {
    if (named) {
      return Tensor.of(keys.stream().map(String.class::cast).toArray(String[]::new));
    }
    return Tensor.of(keys.stream().mapToLong(Long.class::cast).toArray());
  }
}
