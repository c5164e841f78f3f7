package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * {@code SparseTensorProto}: kept as it is, but checked, because a runtime makes a dense tensor of
 * it when it loads the model.
 */
final class SparseInitializers {
  private static final int SPARSE_INITIALIZER = 15;
  private static final int VALUES = 1;
  private static final int INDICES = 2;
  private static final int DIMS = 3;

  private SparseInitializers() {}

  /** Checks those of a graph and gives their values, whose names are those of the whole. */
  static List<TensorData> check(Graph graph) {
    List<TensorData> values = new ArrayList<>();
    for (RawField field : graph.rest()) {
      if (field.number() == SPARSE_INITIALIZER) {
        WireReader reader = WireReader.of(field.bytes());
        reader.next();
        values.add(check(reader.message()));
      }
    }
    return values;
  }

  private static TensorData check(WireReader reader) {
    TensorData values = null;
    TensorData indices = null;
    LongStream.Builder builder = LongStream.builder();
    while (reader.next()) {
      switch (reader.field()) {
        case VALUES -> values = TensorParser.parse(reader.message(), null);
        case INDICES -> indices = TensorParser.parse(reader.message(), null);
        case DIMS -> reader.varints(builder::add);
        default -> reader.raw();
      }
    }
    if (values == null || indices == null || values.isExternal() || indices.isExternal()) {
      throw new MalformedException("a sparse initializer lacks its values or indices");
    }
    TensorCheck.check(values);
    TensorCheck.check(indices);
    long[] dims = builder.build().toArray();
    TensorCheck.wantedBytes(values.name(), values.typeCode(), dims);
    requireIndicesInside(values, indices, dims);
    return values;
  }

  private static void requireIndicesInside(TensorData values, TensorData indices, long[] dims) {
    long[] positions = Constants.integers(indices);
    long count = values.shape().elementCount();
    boolean linear = indices.dims().length == 1;
    int perValue = linear ? 1 : dims.length;
    if (positions == null || positions.length != count * perValue) {
      throw new MalformedException(
          "the sparse initializer '" + values.name() + "' has not one index for each value");
    }
    long elements = LongStream.of(dims).reduce(1, (a, b) -> a * b);
    for (int i = 0; i < positions.length; i++) {
      long bound = linear ? elements : dims[i % perValue];
      if (positions[i] < 0 || positions[i] >= bound) {
        throw new MalformedException(
            "the sparse initializer '"
                + values.name()
                + "' of shape "
                + Arrays.toString(dims)
                + " has the index "
                + positions[i]);
      }
    }
  }
}
