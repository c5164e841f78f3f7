package dev.hone.onnx.fuzz;

import org.jspecify.annotations.Nullable;

/** The messages of {@code onnx.proto} that the fuzz looks into. */
enum MessageKind {
  MODEL,
  GRAPH,
  NODE,
  ATTRIBUTE,
  TENSOR,
  ENTRY,
  VALUE,
  TYPE,
  TENSOR_TYPE,
  SHAPE,
  DIMENSION,
  OPSET;

  /** The message that a field of this one holds, or null. */
  @Nullable MessageKind inner(int field) {
    return switch (this) {
      case MODEL -> field == 7 ? GRAPH : field == 8 ? OPSET : null;
      case GRAPH -> field == 1 ? NODE : field == 5 ? TENSOR : isValue(field) ? VALUE : null;
      case NODE -> field == 5 ? ATTRIBUTE : null;
      case ATTRIBUTE -> field == 5 ? TENSOR : field == 6 ? GRAPH : null;
      case VALUE -> field == 2 ? TYPE : null;
      case TYPE -> field == 1 ? TENSOR_TYPE : null;
      case TENSOR_TYPE -> field == 2 ? SHAPE : null;
      case SHAPE -> field == 1 ? DIMENSION : null;
      case TENSOR -> field == 13 ? ENTRY : null;
      case ENTRY, DIMENSION, OPSET -> null;
    };
  }

  private static boolean isValue(int field) {
    return field >= 11 && field <= 13;
  }
}
