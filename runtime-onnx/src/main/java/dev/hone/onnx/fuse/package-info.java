/**
 * Passes that make a graph do the same with fewer operators: see {@link
 * dev.hone.onnx.fuse.Fusions}. What a fusion looks for is written with {@link
 * dev.hone.onnx.fuse.Pattern}, what it found is a {@link dev.hone.onnx.fuse.Match}.
 */
@NullMarked
package dev.hone.onnx.fuse;

import org.jspecify.annotations.NullMarked;
