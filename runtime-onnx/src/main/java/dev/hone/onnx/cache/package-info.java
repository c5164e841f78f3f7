/** Optimized models kept on disk, so that the second opening need not make them again. */
@NullMarked
package dev.hone.onnx.cache;

import org.jspecify.annotations.NullMarked;
