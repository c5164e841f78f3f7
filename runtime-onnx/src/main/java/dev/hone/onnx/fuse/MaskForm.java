package dev.hone.onnx.fuse;

/**
 * What a mask comes to: a value of zeros and ones, and the number that is added to the scores of
 * the positions that are hidden.
 *
 * @param source the zeros and ones, or truth values
 * @param onesStay whether the positions with a one stay, rather than those with a zero
 * @param filter what is added to the scores of the others
 * @param layout which axes the source has
 */
record MaskForm(String source, boolean onesStay, float filter, Layout layout) {
  /** The axes of a source. */
  enum Layout {
    /** One row of positions for each row of the batch. */
    BATCH_KEYS,
    /** The same with axes of length 1 for heads and queries. */
    BATCH_1_1_KEYS,
    /** A row of positions for each query. */
    BATCH_QUERIES_KEYS,
    /** The same with an axis of length 1 for heads. */
    BATCH_1_QUERIES_KEYS;

    /** The axes of length 1 that must go for an attention node. */
    long[] squeezed() {
      return switch (this) {
        case BATCH_1_1_KEYS -> new long[] {1, 2};
        case BATCH_1_QUERIES_KEYS -> new long[] {1};
        default -> new long[0];
      };
    }
  }
}
