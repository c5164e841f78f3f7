package dev.hone.onnx.graph;

import java.util.List;

/** The real models on the test class path. */
final class TestModels {
  static final String MINILM = "/all-minilm-l6-v2.onnx";

  /** Resource names. */
  static final List<String> ALL =
      List.of(
          MINILM,
          "/models/ch_PP-OCRv3_rec_infer.onnx",
          "/models/ch_PP-OCRv4_rec_infer.onnx",
          "/models/ch_PP-OCRv3_det_infer.onnx",
          "/models/ch_PP-OCRv4_det_infer.onnx",
          "/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");

  private TestModels() {}
}
