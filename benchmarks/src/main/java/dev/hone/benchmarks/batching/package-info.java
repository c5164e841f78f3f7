/** What many callers gain when they share batches. */
@NullMarked
package dev.hone.benchmarks.batching;

import org.jspecify.annotations.NullMarked;
