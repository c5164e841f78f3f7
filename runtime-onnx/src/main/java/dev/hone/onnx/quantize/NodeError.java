package dev.hone.onnx.quantize;

/**
 * How much the outputs of one node are expected to suffer from integers.
 *
 * @param node the node, as {@link NodeChoice#node} calls it
 * @param decibels how far the expected error of its outputs lies below them, in decibels; small is
 *     bad
 */
public record NodeError(String node, double decibels) {}
