/** Passes that make a graph do the same with fewer operators. */
@NullMarked
package dev.hone.onnx.fuse;

import org.jspecify.annotations.NullMarked;
