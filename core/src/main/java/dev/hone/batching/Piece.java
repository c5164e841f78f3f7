package dev.hone.batching;

/** Some rows of a request that run together; usually all of them, and then the request itself. */
sealed interface Piece permits Request, Piece.Part {
  /** Whose rows. */
  Request request();

  /** The first. */
  int from();

  /** How many. */
  int rows();

  /** Rows of a request, which need not be all. */
  static Piece of(Request request, int from, int rows) {
    return rows == request.rows() ? request : new Part(request, from, rows);
  }

  default boolean isWhole() {
    return this == request();
  }

  /** Not all rows. */
  record Part(Request request, int from, int rows) implements Piece {}
}
