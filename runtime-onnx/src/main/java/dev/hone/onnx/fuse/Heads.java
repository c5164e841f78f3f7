package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Length;
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
    List<Length> q = cut(match, "q");
    List<Length> k = cut(match, "k");
    List<Length> v = cut(match, "v");
    if (q == null || k == null || v == null) {
      return null;
    }
    boolean agree =
        q.get(0).equals(k.get(0))
            && q.subList(2, 4).equals(k.subList(2, 4))
            && k.subList(0, 3).equals(v.subList(0, 3));
    return agree && isJoined(match, q, v, result) && areTransposed(match, k)
        ? new Heads(q.get(2).number(), q.get(3).number(), v.get(3).number())
        : null;
  }

  /** The lengths of batch, positions, heads and within a head; null if they are not these. */
  private static @Nullable List<Length> cut(Match match, String name) {
    boolean thirds = match.has(name + ".five");
    List<Length> cut = dims(match, match.value(name + (thirds ? ".five" : ".heads")));
    if (cut == null || cut.size() != (thirds ? 5 : 4) || (thirds && !cut.get(2).is(3))) {
      return null;
    }
    int at = cut.size() - 2;
    Length heads = cut.get(at);
    Length size = cut.get(at + 1);
    if (!heads.isKnown() || !size.isKnown()) {
      return null;
    }
    Length width = Length.of(heads.number() * size.number() * (thirds ? 3 : 1));
    List<Length> projected = List.of(cut.get(0), cut.get(1), width);
    return projected.equals(dims(match, match.value(name + ".projected")))
        ? List.of(cut.get(0), cut.get(1), heads, size)
        : null;
  }

  private static @Nullable List<Length> dims(Match match, String value) {
    return match.context().shapes().dims(value);
  }

  /** Whether the result has the heads side by side, and is otherwise cut as the queries were. */
  private static boolean isJoined(Match match, List<Length> q, List<Length> v, String result) {
    List<Length> context = dims(match, match.value("context"));
    List<Length> joined = dims(match, result);
    Length width = Length.of(q.get(2).number() * v.get(3).number());
    return joined != null
        && joined.size() == 3
        && joined.get(2).equals(width)
        && (joined.subList(0, 2).equals(q.subList(0, 2))
            || (context != null && joined.subList(0, 2).equals(context.subList(0, 2))));
  }

  /** Keys that were transposed with batch and heads as one axis must have been so taken apart. */
  private static boolean areTransposed(Match match, List<Length> keys) {
    if (!match.has("k.flat")) {
      return true;
    }
    List<Length> flat = dims(match, match.value("k.flat"));
    List<Length> apart = dims(match, match.value("k.transposed"));
    return flat != null
        && flat.size() == 3
        && flat.subList(1, 3).equals(List.of(keys.get(1), keys.get(3)))
        && List.of(keys.get(0), keys.get(2), keys.get(3), keys.get(1)).equals(apart);
  }

  /** The scale that attention nodes use when none is given. */
  double defaultScale() {
    return 1 / Math.sqrt((double) size);
  }
}
