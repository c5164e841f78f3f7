/** What it takes to open a model: time and memory. */
@NullMarked
package dev.hone.benchmarks.opening;

import org.jspecify.annotations.NullMarked;
