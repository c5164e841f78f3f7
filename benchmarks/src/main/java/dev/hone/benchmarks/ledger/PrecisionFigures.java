package dev.hone.benchmarks.ledger;

/** What a small number format buys, and what it costs. */
final class PrecisionFigures {
  static final String TABLE =
      """
          minilm.int8.8x128             | >= 2.3    | x        | MiniLM INT8, default: speed against FP32, 8 texts of 128 tokens
          minilm.int8.8x32              | >= 2.6    | x        | MiniLM INT8, default: speed against FP32, 8 texts of 32 tokens
          minilm.int8.1x16              | >= 3.2    | x        | MiniLM INT8, default: speed against FP32, 1 text of 16 tokens
          minilm.int8.cosine            | >= 0.997  |          | MiniLM INT8, default: mean cosine to the FP32 embedding
          minilm.int8.cosine-p1         | >= 0.994  |          | MiniLM INT8, default: cosine to the FP32 embedding, 1st percentile
          minilm.int8.spearman          | >= 0.997  |          | MiniLM INT8, default: rank correlation of all pairwise similarities with those of FP32
          minilm.int8.neighbour         | >= 0.92   |          | MiniLM INT8, default: share of texts whose nearest neighbour is that of FP32
          minilm.int8.file              | <= 23.0   | MB       | MiniLM INT8, default: size of the file
          minilm.int8.lost-to-published | <= 0      | measures | MiniLM INT8, default: measures of speed (3), fidelity (4) and size where the published INT8 file is better
          minilm.int8.batch-dependent   | <= 0      | rows     | MiniLM INT8, default: rows whose bits change when batched with others or padded
          minilm.fastest.8x128          | >= 2.5    | x        | MiniLM INT8, fastest: speed against FP32, 8 texts of 128 tokens
          minilm.fastest.8x32           | >= 2.8    | x        | MiniLM INT8, fastest: speed against FP32, 8 texts of 32 tokens
          minilm.fastest.1x16           | >= 3.6    | x        | MiniLM INT8, fastest: speed against FP32, 1 text of 16 tokens
          minilm.fastest.cosine         | >= 0.992  |          | MiniLM INT8, fastest: mean cosine to the FP32 embedding
          minilm.fused.8x128            | >= 1.03   | x        | MiniLM FP32, fused: speed against FP32 as it is, 8 texts of 128 tokens
          minilm.fused.8x32             | >= 1.2    | x        | MiniLM FP32, fused: speed against FP32 as it is, 8 texts of 32 tokens
          minilm.fused.1x16             | >= 1.0    | x        | MiniLM FP32, fused: speed against FP32 as it is, 1 text of 16 tokens
          minilm.fused.difference       | <= 0.0001 |          | MiniLM FP32, fused: largest difference of any output value to FP32 as it is
          minilm.weight-only.cosine     | >= 0.9995 |          | MiniLM with INT8 weights only: mean cosine to the FP32 embedding
          minilm.int4.cosine            | >= 0.975  |          | MiniLM INT4, sensitive layers at 8 bits: mean cosine to the FP32 embedding
          int4.error                    | <= 0.85   | x        | INT4 weights of MiniLM: squared error, k-quant against round-to-nearest
          int4.error.outliers           | <= 0.85   | x        | INT4, Gaussian weights, 1 % of them outliers of 5 to 10 standard deviations: squared error, k-quant against round-to-nearest
          int4.error.symmetric          |           | x        | INT4 weights of MiniLM: squared error, k-quant against symmetric round-to-nearest, the default of ONNX Runtime's tool
          minilm.quantize.time          | <= 20     | s        | quantizing MiniLM, all included
          minilm.quantize.heap          | <= 256    | MB       | quantizing MiniLM: peak Java heap
          minilm.cached-opening         | <= 1.2    | x        | MiniLM INT8: opening from the cache against opening the ready file
          bge.int8.8x128                | >= 2.3    | x        | BGE-small INT8, default: speed against FP32, 8 texts of 128 tokens
          bge.int8.8x32                 | >= 2.6    | x        | BGE-small INT8, default: speed against FP32, 8 texts of 32 tokens
          bge.int8.1x16                 | >= 3.2    | x        | BGE-small INT8, default: speed against FP32, 1 text of 16 tokens
          bge.int8.cosine               | >= 0.997  |          | BGE-small INT8, default: mean cosine to the FP32 embedding
          bge.int8.cosine-p1            | >= 0.994  |          | BGE-small INT8, default: cosine to the FP32 embedding, 1st percentile
          bge.int8.spearman             | >= 0.997  |          | BGE-small INT8, default: rank correlation of all pairwise similarities with those of FP32
          bge.int8.neighbour            | >= 0.92   |          | BGE-small INT8, default: share of texts whose nearest neighbour is that of FP32
          rec.int8.1                    | >= 1.6    | x        | PP-OCRv3 recognition INT8: speed against FP32, 1 line
          rec.int8.8                    | >= 1.8    | x        | PP-OCRv3 recognition INT8: speed against FP32, 8 lines at once
          rec.int8.kept                 | >= 100    | %        | PP-OCRv3 recognition INT8: drawn lines read right, of those that FP32 reads right
          rec.int8.file                 | <= 29     | %        | PP-OCRv3 recognition INT8: size of the file, of that of FP32
          cls.speed                     | >= 1.0    | x        | PP-OCR orientation INT8: speed against FP32
          cls.labels                    | >= 100    | %        | PP-OCR orientation INT8: drawn lines whose orientation is told right, of those that FP32 tells right
          digits.int8.loss              | <= 0.5    | points   | handwritten digits, small Gemm classifier, INT8: accuracy lost
          digits.int4.loss              | <= 0.5    | points   | handwritten digits, small Gemm classifier, INT4: accuracy lost
          mails.int8.loss               |           | points   | 2,000 mails, spam or not, by 5 nearest neighbours, MiniLM INT8, default: accuracy lost
          mails.int4.loss               |           | points   | 2,000 mails, spam or not, by 5 nearest neighbours, MiniLM INT4: accuracy lost
          """;

  private PrecisionFigures() {}
}
