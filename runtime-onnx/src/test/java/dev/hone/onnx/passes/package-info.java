/** What every pass over the graph must keep, on graphs drawn by chance and on real models. */
@NullMarked
package dev.hone.onnx.passes;

import org.jspecify.annotations.NullMarked;
