/**
 * ONNX graphs as data: read, write, check and edit. Opens no session and needs no native code.
 *
 * <p>Start at {@link dev.hone.onnx.graph.ModelData}: it is read from a file or from bytes, holds a
 * {@link dev.hone.onnx.graph.Graph} of {@link dev.hone.onnx.graph.Node}s and {@link
 * dev.hone.onnx.graph.TensorData}, and is written back. What is not edited is written back byte for
 * byte, understood or not. Weights are views of the file: they are never copied to the heap.
 *
 * <p>The protobuf wire format is read and written here, not by a protobuf library: that keeps
 * weights off the heap, keeps unknown fields where they were, puts the limits for hostile files in
 * one place, and spares applications a version conflict.
 *
 * <p>Source: the ONNX IR specification and {@code onnx.proto} of ONNX 1.20 (IR version 13); the
 * protobuf encoding specification.
 */
@NullMarked
package dev.hone.onnx.graph;

import org.jspecify.annotations.NullMarked;
