package dev.hone.onnx.ort;

import dev.hone.DataType;
import dev.hone.HoneException;
import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.onnxruntime.global.onnxruntime;

/** Our element types and the numbers that ONNX Runtime has for them. */
final class ElementTypes {
  private static final Map<DataType, Integer> CODES = new EnumMap<>(DataType.class);

  static {
    CODES.put(DataType.FLOAT32, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
    CODES.put(DataType.FLOAT64, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE);
    CODES.put(DataType.FLOAT16, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16);
    CODES.put(DataType.BFLOAT16, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16);
    CODES.put(DataType.INT8, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8);
    CODES.put(DataType.INT16, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16);
    CODES.put(DataType.INT32, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32);
    CODES.put(DataType.INT64, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64);
    CODES.put(DataType.UINT8, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8);
    CODES.put(DataType.UINT16, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16);
    CODES.put(DataType.UINT32, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32);
    CODES.put(DataType.UINT64, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64);
    CODES.put(DataType.INT4, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4);
    CODES.put(DataType.UINT4, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT4);
    CODES.put(DataType.BOOL, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL);
    CODES.put(DataType.STRING, onnxruntime.ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
  }

  private ElementTypes() {}

  static int code(DataType type) {
    Integer code = CODES.get(type);
    if (code == null) {
      throw new IllegalArgumentException("ONNX Runtime has no element type " + type + ".");
    }
    return code;
  }

  static DataType of(int code) {
    for (Map.Entry<DataType, Integer> entry : CODES.entrySet()) {
      if (entry.getValue() == code) {
        return entry.getKey();
      }
    }
    throw new HoneException(
        "The model gives elements of ONNX type "
            + code
            + ", which no tensor here can hold. Select other outputs with RunOptions.withOutputs.");
  }
}
