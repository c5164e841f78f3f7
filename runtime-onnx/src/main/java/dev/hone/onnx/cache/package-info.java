/** Keeps files on disk under keys, for the next time. */
@NullMarked
package dev.hone.onnx.cache;

import org.jspecify.annotations.NullMarked;
