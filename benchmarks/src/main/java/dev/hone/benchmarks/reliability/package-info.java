/** Whether answers are right, and whether a damaged model can end the process. */
@NullMarked
package dev.hone.benchmarks.reliability;

import org.jspecify.annotations.NullMarked;
