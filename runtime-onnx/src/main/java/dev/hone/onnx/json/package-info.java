/** JSON, as much of it as reports need. */
@NullMarked
package dev.hone.onnx.json;

import org.jspecify.annotations.NullMarked;
