/** Compares two models on the same inputs: how near their answers are, and how fast they come. */
@NullMarked
package dev.hone.onnx.check;

import org.jspecify.annotations.NullMarked;
