/** Broken and hostile models, opened and run in processes that may die of it. */
@NullMarked
package dev.hone.onnx.fuzz;

import org.jspecify.annotations.NullMarked;
