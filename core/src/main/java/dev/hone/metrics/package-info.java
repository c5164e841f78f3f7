/**
 * Numbers about sessions while they run: latency by stage, load, errors, memory.
 *
 * <p>A {@link dev.hone.metrics.Recorder} takes primitives on the hot path; {@link
 * dev.hone.metrics.SessionStats} is what it saw, as a value; {@link
 * dev.hone.metrics.SessionMetrics} gives that to a Micrometer registry, if Micrometer is there.
 * Events named {@code dev.hone.*} go to JDK Flight Recorder while a recording runs.
 *
 * <p>Imports nothing of Hone, so that every layer may record.
 */
@NullMarked
package dev.hone.metrics;

import org.jspecify.annotations.NullMarked;
