package dev.hone.onnx.graph;

import java.nio.ByteBuffer;

/**
 * A field kept as it was read, so that it can be written back unchanged.
 *
 * @param number the field's number in its message
 * @param bytes the whole field, from its tag to its end
 */
record RawField(int number, ByteBuffer bytes) {}
