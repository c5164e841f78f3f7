/** ONNX models on ONNX Runtime: the two types that most users see. */
@NullMarked
package dev.hone.onnx;

import org.jspecify.annotations.NullMarked;
