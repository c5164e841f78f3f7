/**
 * Turns the numbers of a model into fewer bits: the arithmetic, the passes over the graph, and the
 * report of what was done.
 */
@NullMarked
package dev.hone.onnx.quantize;

import org.jspecify.annotations.NullMarked;
