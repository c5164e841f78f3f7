package dev.hone.cuda.lane;

/**
 * What became of graphs in a session.
 *
 * @param captured how many were made
 * @param refused how many buckets run without one, because capturing failed or there are too many
 * @param replayed how many runs were replays
 */
public record GraphStats(long captured, long refused, long replayed) {}
