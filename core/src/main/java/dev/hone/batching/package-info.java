/**
 * Many callers share one session: their calls become batches, and no caller's code changes.
 *
 * <pre>{@code
 * Session session = Batcher.over(Session.open(path), BatchPolicy.automatic());
 * }</pre>
 *
 * <p>{@link dev.hone.batching.Batcher} is the session to hold, {@link
 * dev.hone.batching.BatchPolicy} says what it may do, {@link dev.hone.Session#stats} what it did.
 * Everything else is machinery behind these two; the note at the head of {@code Engine} is its map.
 */
@NullMarked
package dev.hone.batching;

import org.jspecify.annotations.NullMarked;
