/** The operator cases that the ONNX project publishes, run through a session. */
@NullMarked
package dev.hone.onnx.conformance;

import org.jspecify.annotations.NullMarked;
