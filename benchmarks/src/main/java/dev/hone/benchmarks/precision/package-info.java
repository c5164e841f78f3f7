/** What a small number format buys, and what it costs. */
@NullMarked
package dev.hone.benchmarks.precision;

import org.jspecify.annotations.NullMarked;
