/** What to tell of runs that failed, in the words of the caller: for Hone's own modules alone. */
@NullMarked
package dev.hone.onnx.failure;

import org.jspecify.annotations.NullMarked;
