/** Requests that come when they come, not when the last one is answered. */
@NullMarked
package dev.hone.benchmarks.load;

import org.jspecify.annotations.NullMarked;
