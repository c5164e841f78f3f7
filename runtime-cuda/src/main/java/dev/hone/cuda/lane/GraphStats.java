package dev.hone.cuda.lane;

/**
 * What became of graphs in a session.
 *
 * @param captured how many were made
 * @param refused how many could not be captured, and how many runs had no place for one, because
 *     there are too many sets of shapes
 * @param replayed how many runs were replays
 */
public record GraphStats(long captured, long refused, long replayed) {}
