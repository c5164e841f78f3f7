/** From text to vector, as an application does it. */
@NullMarked
package dev.hone.benchmarks.endtoend;

import org.jspecify.annotations.NullMarked;
