package dev.hone.batching;

/**
 * Some rows of a request that run together; usually all of them.
 *
 * @param request whose rows
 * @param from the first
 * @param rows how many
 */
record Piece(Request request, int from, int rows) {
  boolean isWhole() {
    return rows == request.rows;
  }
}
