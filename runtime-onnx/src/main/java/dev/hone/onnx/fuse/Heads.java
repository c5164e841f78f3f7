package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.SymbolicShapes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an attention is cut into heads.
 *
 * @param count the number of heads
 * @param size the length of a query, and of a key, within a head
 * @param valueSize the length of a value within a head
 */
record Heads(long count, long size, long valueSize) {
  /**
   * Checks all shapes of a match, from the projections to the result.
   *
   * @param result the value that the attention gives
   * @return null if a shape is unknown or not that of an attention
   */
  static @Nullable Heads of(Match match, String result) {
    SymbolicShapes shapes = match.context().shapes();
    List<Length> q = shapes.dims(match.value("q.heads"));
    List<Length> v = shapes.dims(match.value("v.heads"));
    if (q == null || v == null || q.size() != 4 || v.size() != 4) {
      return null;
    }
    Length count = q.get(2);
    Length size = q.get(3);
    Length valueSize = v.get(3);
    if (!count.isKnown() || !size.isKnown() || !valueSize.isKnown()) {
      return null;
    }
    Heads heads = new Heads(count.number(), size.number(), valueSize.number());
    return heads.fit(match, result) ? heads : null;
  }

  private boolean fit(Match match, String result) {
    SymbolicShapes shapes = match.context().shapes();
    List<Length> queries = shapes.dims(match.value("q.projected"));
    List<Length> keys = shapes.dims(match.value("k.projected"));
    if (queries == null || keys == null || queries.size() != 3 || keys.size() != 3) {
      return false;
    }
    Length batch = queries.get(0);
    Length query = queries.get(1);
    Length key = keys.get(1);
    return is(shapes, match.value("q.projected"), batch, query, Length.of(count * size))
        && is(shapes, match.value("k.projected"), batch, key, Length.of(count * size))
        && is(shapes, match.value("v.projected"), batch, key, Length.of(count * valueSize))
        && is(shapes, match.value("q.heads"), batch, query, Length.of(count), Length.of(size))
        && is(shapes, match.value("k.heads"), batch, key, Length.of(count), Length.of(size))
        && is(shapes, match.value("v.heads"), batch, key, Length.of(count), Length.of(valueSize))
        && is(shapes, result, batch, query, Length.of(count * valueSize))
        && isTransposed(match, key);
  }

  private static boolean is(SymbolicShapes shapes, String value, Length... wanted) {
    return List.of(wanted).equals(shapes.dims(value));
  }

  /** Keys that were transposed with batch and heads as one axis must have been so taken apart. */
  private boolean isTransposed(Match match, Length key) {
    if (!match.has("k.flat")) {
      return true;
    }
    List<Length> flat = match.context().shapes().dims(match.value("k.flat"));
    List<Length> four = match.context().shapes().dims(match.value("k.transposed"));
    return flat != null
        && four != null
        && flat.subList(1, flat.size()).equals(List.of(key, Length.of(size)))
        && four.subList(1, four.size()).equals(List.of(Length.of(count), Length.of(size), key));
  }

  /** The scale that attention nodes use when none is given. */
  double defaultScale() {
    return 1 / Math.sqrt(size);
  }
}
