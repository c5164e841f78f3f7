package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Block.HEADS;
import static dev.hone.onnx.fuse.Block.SIZE;
import static dev.hone.onnx.fuse.Block.WIDTH;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import java.util.List;

/** How exporters write self-attention, up to the value that the output projection takes. */
enum AttentionStyle {
  /**
   * BERT, RoBERTa, MiniLM, BGE with {@code attn_implementation="eager"} up to transformers 4.47:
   * heads by {@code view(x.size()[:-1] + (heads, size))}, {@code scores / sqrt(size)}.
   */
  EAGER_DIV {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = cut(e, e.linear(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".value", WIDTH, WIDTH));
      String scores = e.op("MatMul", q, e.transpose(k, 0, 2, 3, 1));
      scores = e.op("Div", scores, e.number((float) Math.sqrt(SIZE)));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /** The same from transformers 4.48 on: {@code eager_attention_forward} multiplies. */
  EAGER_MUL {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = heads(e, e.linear(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".value", WIDTH, WIDTH));
      String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
      scores = e.op("Mul", scores, e.number((float) (1 / Math.sqrt(SIZE))));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /**
   * DistilBERT: {@code view(b, -1, heads, size)}, and {@code q / sqrt(size)} before the product.
   */
  QUERY_DIV {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = openHeads(e, x, e.linear(x, name + ".q_lin", WIDTH, WIDTH));
      String k = openHeads(e, x, e.linear(x, name + ".k_lin", WIDTH, WIDTH));
      String v = openHeads(e, x, e.linear(x, name + ".v_lin", WIDTH, WIDTH));
      q = e.op("Div", q, e.number((float) Math.sqrt(SIZE)));
      String scores = masked(e, e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2)), mask, style);
      String context = e.transpose(e.op("MatMul", e.softmax(scores), v), 0, 2, 1, 3);
      return e.reshape(context, e.size(x, 0), -1, WIDTH);
    }
  },
  /** BART and CLIP: {@code q_proj(x) * size ** -0.5} before the heads are cut. */
  PROJECTED_QUERY_MUL {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = e.linear(x, name + ".q_proj", WIDTH, WIDTH);
      q = heads(e, e.op("Mul", q, e.number((float) (1 / Math.sqrt(SIZE)))));
      String k = heads(e, e.linear(x, name + ".k_proj", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".v_proj", WIDTH, WIDTH));
      String scores = masked(e, e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2)), mask, style);
      return merged(e, e.op("MatMul", e.softmax(scores), v));
    }
  },
  /**
   * {@code scaled_dot_product_attention} by the TorchScript exporter (opset 14 on): the root of the
   * scale on both sides, computed from the shape of the query.
   */
  SDPA_TORCHSCRIPT {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = heads(e, e.linear(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".value", WIDTH, WIDTH));
      String size =
          e.op("Slice", e.op("Shape", q), e.longs(-1), e.longs(Long.MAX_VALUE), e.longs(0));
      String root = e.op("Sqrt", e.cast(size, DataType.FLOAT32));
      String scale = e.op("Div", e.number(1), root);
      String left = e.op("Mul", q, e.op("Sqrt", scale));
      String right = e.op("Mul", e.transpose(k, 0, 1, 3, 2), e.op("Sqrt", scale));
      String scores = masked(e, e.op("MatMul", left, right), mask, style);
      return merged(e, e.op("MatMul", e.softmax(scores), v));
    }
  },
  /** The same from PyTorch 2.5 on, with rows guarded that have no position left. */
  SDPA_GUARDED {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = heads(e, e.linear(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".value", WIDTH, WIDTH));
      String root = e.number((float) Math.pow(SIZE, -0.25));
      String left = e.op("Mul", q, root);
      String right = e.op("Mul", e.transpose(k, 0, 1, 3, 2), root);
      String weights = e.softmax(masked(e, e.op("MatMul", left, right), mask, style));
      weights = e.op("Where", e.op("IsNaN", weights), e.number(0), weights);
      return merged(e, e.op("MatMul", weights, v));
    }
  },
  /**
   * {@code scaled_dot_product_attention} by the dynamo exporter (opset 18 on): keys transposed with
   * batch and heads as one axis.
   */
  SDPA_DYNAMO {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = heads(e, e.linear(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.linear(x, name + ".value", WIDTH, WIDTH));
      String shape = e.op("Shape", k);
      String last = e.op("Slice", shape, e.longs(-1), e.longs(Long.MAX_VALUE));
      String rows = e.op("Slice", shape, e.longs(-2), e.longs(-1));
      String outer = e.op("Slice", shape, e.longs(0), e.longs(-2));
      String flat = e.op("Reshape", k, concat(e, e.longs(-1), rows, last));
      String turned = e.op("Reshape", e.transpose(flat, 0, 2, 1), concat(e, outer, last, rows));
      String root = e.number((float) Math.pow(SIZE, -0.25));
      String scores = e.op("MatMul", e.op("Mul", q, root), e.op("Mul", turned, root));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /** Heads cut by constants, as simplifiers leave them: 0 copies a length, -1 takes the rest. */
  CONSTANT_SHAPES {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String cut = e.longs(0, 0, HEADS, SIZE);
      String q = e.linear(x, name + ".query", WIDTH, WIDTH);
      String k = e.linear(x, name + ".key", WIDTH, WIDTH);
      String v = e.linear(x, name + ".value", WIDTH, WIDTH);
      q = e.transpose(e.op("Reshape", q, cut), 0, 2, 1, 3);
      k = e.transpose(e.op("Reshape", k, e.longs(0, -1, HEADS, SIZE)), 0, 2, 3, 1);
      v = e.transpose(e.op("Reshape", v, cut), 0, 2, 1, 3);
      String scores = e.op("Div", e.op("MatMul", q, k), e.number((float) Math.sqrt(SIZE)));
      String context = e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v);
      return e.op("Reshape", e.transpose(context, 0, 2, 1, 3), e.longs(0, 0, WIDTH));
    }
  },
  /** Projections without bias, some with: Whisper leaves out the one of the keys. */
  SOME_BIASES {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
      String k = heads(e, e.product(x, name + ".key", WIDTH, WIDTH));
      String v = heads(e, e.product(x, name + ".value", WIDTH, WIDTH));
      String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
      scores = e.op("Div", scores, e.number((float) Math.sqrt(SIZE)));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /** T5, and others that leave the scale out. */
  UNSCALED {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String q = heads(e, e.product(x, name + ".q", WIDTH, WIDTH));
      String k = heads(e, e.product(x, name + ".k", WIDTH, WIDTH));
      String v = heads(e, e.product(x, name + ".v", WIDTH, WIDTH));
      String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /**
   * timm's vision transformers: one projection, {@code reshape(b, n, 3, heads, size).permute(2, 0,
   * 3, 1, 4).unbind(0)}.
   */
  MERGED_FIVE_AXES {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String qkv = e.linear(x, name + ".qkv", WIDTH, 3 * WIDTH);
      String five = e.reshape(qkv, e.size(x, 0), e.size(x, 1), 3, HEADS, SIZE);
      String turned = e.transpose(five, 2, 0, 3, 1, 4);
      String q = e.gather(turned, e.whole(0), 0);
      String k = e.gather(turned, e.whole(1), 0);
      String v = e.gather(turned, e.whole(2), 0);
      q = e.op("Mul", q, e.number((float) (1 / Math.sqrt(SIZE))));
      String scores = masked(e, e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2)), mask, style);
      return merged(e, e.op("MatMul", e.softmax(scores), v));
    }
  },
  /** The same by the TorchScript exporter: {@code unbind} splits and squeezes. */
  MERGED_UNBOUND {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      String qkv = e.linear(x, name + ".qkv", WIDTH, 3 * WIDTH);
      String five = e.reshape(qkv, e.size(x, 0), e.size(x, 1), 3, HEADS, SIZE);
      List<String> parts = e.split(e.transpose(five, 2, 0, 3, 1, 4), 3, 0, 1);
      String q = e.squeeze(parts.get(0), 0);
      String k = e.squeeze(parts.get(1), 0);
      String v = e.squeeze(parts.get(2), 0);
      String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
      scores = e.op("Mul", scores, e.number((float) (1 / Math.sqrt(SIZE))));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  },
  /** GPT-2, nomic: one projection, split along its last axis. */
  MERGED_SPLIT {
    @Override
    String attend(Exporter e, String x, String mask, MaskStyle style, String name) {
      List<String> qkv = e.split(e.linear(x, name + ".qkv", WIDTH, 3 * WIDTH), 3, 2, WIDTH);
      String q = heads(e, qkv.get(0));
      String k = heads(e, qkv.get(1));
      String v = heads(e, qkv.get(2));
      String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
      scores = e.op("Div", scores, e.number((float) Math.sqrt(SIZE)));
      return merged(e, e.op("MatMul", e.softmax(masked(e, scores, mask, style)), v));
    }
  };

  /**
   * Writes it.
   *
   * @param mask what the style of the mask made; empty if there is none
   */
  abstract String attend(Exporter e, String x, String mask, MaskStyle style, String name);

  /** Attention of a decoder to what an encoder made: queries of one value, the rest of another. */
  static String attendTo(Exporter e, String x, String y, String addedMask, String name) {
    String q = heads(e, e.linear(x, name + ".query", WIDTH, WIDTH));
    String k = heads(e, e.linear(y, name + ".key", WIDTH, WIDTH));
    String v = heads(e, e.linear(y, name + ".value", WIDTH, WIDTH));
    String scores = e.op("MatMul", q, e.transpose(k, 0, 1, 3, 2));
    scores = e.op("Div", scores, e.number((float) Math.sqrt(SIZE)));
    scores = addedMask.isEmpty() ? scores : e.op("Add", scores, addedMask);
    return merged(e, e.op("MatMul", e.softmax(scores), v));
  }

  private static String heads(Exporter e, String x) {
    return e.transpose(cut(e, x), 0, 2, 1, 3);
  }

  private static String cut(Exporter e, String x) {
    return e.reshape(x, e.size(x, 0), e.size(x, 1), HEADS, SIZE);
  }

  private static String openHeads(Exporter e, String x, String projected) {
    return e.transpose(e.reshape(projected, e.size(x, 0), -1, HEADS, SIZE), 0, 2, 1, 3);
  }

  private static String merged(Exporter e, String context) {
    String turned = e.transpose(context, 0, 2, 1, 3);
    return e.reshape(turned, e.size(turned, 0), e.size(turned, 1), WIDTH);
  }

  private static String concat(Exporter e, String... parts) {
    return e.op("Concat", List.of(parts), Attribute.of("axis", 0L));
  }

  private static String masked(Exporter e, String scores, String mask, MaskStyle style) {
    if (mask.isEmpty()) {
      return scores;
    }
    if (!style.replaces()) {
      return e.op("Add", scores, mask);
    }
    String spread = e.op("Expand", mask, e.op("Shape", scores));
    String fill = e.number(Exporter.MIN);
    return style.trueStays()
        ? e.op("Where", spread, scores, fill)
        : e.op("Where", spread, fill, scores);
  }
}
