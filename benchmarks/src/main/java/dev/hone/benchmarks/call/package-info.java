/** What one call costs. */
@NullMarked
package dev.hone.benchmarks.call;

import org.jspecify.annotations.NullMarked;
