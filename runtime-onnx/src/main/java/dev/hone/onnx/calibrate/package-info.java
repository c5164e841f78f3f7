/** Statistics of what flows through a model, gathered batch by batch without keeping it. */
@NullMarked
package dev.hone.onnx.calibrate;

import org.jspecify.annotations.NullMarked;
