/** What a benchmark asks, and the shape of its answer. */
@NullMarked
package dev.hone.benchmarks.question;

import org.jspecify.annotations.NullMarked;
