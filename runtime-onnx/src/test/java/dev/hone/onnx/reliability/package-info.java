/** What a session promises beyond its answers: memory, threads, deadlines, sameness. */
@NullMarked
package dev.hone.onnx.reliability;

import org.jspecify.annotations.NullMarked;
