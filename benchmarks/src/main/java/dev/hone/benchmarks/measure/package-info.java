/** How things are measured: rounds that interleave rivals, intervals, the machine. */
@NullMarked
package dev.hone.benchmarks.measure;

import org.jspecify.annotations.NullMarked;
