/** Benchmarks, one class for each question. */
@NullMarked
package dev.hone.benchmarks;

import org.jspecify.annotations.NullMarked;
