package dev.hone.onnx.fuse;

import dev.hone.DataType;

/** How exporters turn the caller's zeros and ones into what the scores are masked with. */
enum MaskStyle {
  /** No mask at all: vision transformers. */
  NONE {
    @Override
    String make(Exporter e, String mask, String x) {
      return "";
    }
  },
  /**
   * {@code get_extended_attention_mask} of BERT, RoBERTa, MiniLM, BGE in transformers from 4.21:
   * {@code (1 - mask[:, None, None, :]) * finfo.min}; TorchScript exporter.
   */
  SUBTRACTED {
    @Override
    String make(Exporter e, String mask, String x) {
      return subtracted(e, mask, Exporter.MIN);
    }
  },
  /** The same before 4.21, with -10000. */
  SUBTRACTED_10000 {
    @Override
    String make(Exporter e, String mask, String x) {
      return subtracted(e, mask, -10_000);
    }
  },
  /**
   * The same from PyTorch 1.8 and before: {@code mask[:, None, None, :]} writes slices over whole
   * axes around the new ones.
   */
  SUBTRACTED_WITH_SLICES {
    @Override
    String make(Exporter e, String mask, String x) {
      String rows = whole(e, mask, 0);
      String four = whole(e, e.unsqueeze(e.unsqueeze(rows, 1), 2), 3);
      String hidden = e.op("Sub", e.number(1), e.cast(four, DataType.FLOAT32));
      return e.op("Mul", hidden, e.number(Exporter.MIN));
    }
  },
  /**
   * {@code _prepare_4d_attention_mask(_for_sdpa)} of transformers 4.36 to 4.55: expanded over the
   * queries, inverted, then filled once more; the expansion computes its shape. TorchScript.
   */
  EXPANDED_AND_FILLED {
    @Override
    String make(Exporter e, String mask, String x) {
      String four = e.unsqueeze(e.unsqueeze(mask, 1), 2);
      String shape = e.shape(e.size(mask, 0), 1, e.size(x, 1), e.size(mask, 1));
      String given = e.op("Reshape", shape, e.longs(-1));
      String ones = e.ones(e.op("Shape", given));
      String unset = e.op("Equal", given, e.op("Mul", ones, e.longs(-1)));
      String expanded = e.op("Expand", four, e.op("Where", unset, ones, given));
      String inverted = e.op("Sub", e.number(1), e.cast(expanded, DataType.FLOAT32));
      String where = e.cast(inverted, DataType.BOOL);
      return e.op("Where", where, e.number(Exporter.MIN), inverted);
    }
  },
  /**
   * Truth values for scaled dot product attention, from transformers 4.56 on and in models that
   * make them by hand: added as 0 and minus infinity by the exporter.
   */
  TRUTH_ADDED {
    @Override
    String make(Exporter e, String mask, String x) {
      String keep = e.cast(e.unsqueeze(e.unsqueeze(mask, 1), 1), DataType.BOOL);
      return e.op("Where", keep, e.number(0), e.number(Float.NEGATIVE_INFINITY));
    }
  },
  /** DistilBERT: {@code (mask == 0).view(b, 1, 1, k).expand_as(scores)}, replacing scores. */
  EQUAL_EXPANDED_HIDDEN {
    @Override
    String make(Exporter e, String mask, String x) {
      String hidden = e.op("Equal", mask, e.whole(0));
      return e.reshape(hidden, e.size(x, 0), 1, 1, e.size(x, 1));
    }

    @Override
    boolean replaces() {
      return true;
    }
  },
  /** The same on a mask that already has its four axes, negated: true stays. */
  EQUAL_ON_FOUR_AXES_SHOWN {
    @Override
    String make(Exporter e, String mask, String x) {
      return e.op("Not", e.op("Equal", e.unsqueeze(e.unsqueeze(mask, 1), 2), e.whole(0)));
    }

    @Override
    boolean replaces() {
      return true;
    }

    @Override
    boolean trueStays() {
      return true;
    }
  },
  /** One row of truth values for each query, and padding: decoders. A mask of three axes. */
  CAUSAL_AND_PADDING {
    @Override
    String make(Exporter e, String mask, String x) {
      // The lower triangle, computed from positions as exporters do for every length.
      String positions = e.op("CumSum", e.op("Mul", mask, e.whole(0)), e.whole(1));
      String ones = e.op("Add", positions, e.whole(1));
      String counted = e.op("CumSum", ones, e.whole(1));
      String later = e.op("Less", e.unsqueeze(counted, 2), e.unsqueeze(counted, 1));
      String padded = e.unsqueeze(e.op("Equal", mask, e.whole(0)), 1);
      String hidden = e.unsqueeze(e.op("Or", later, padded), 1);
      return e.op("Where", hidden, e.number(Exporter.MIN), e.number(0));
    }
  },
  /** MPNet and T5: a learnt bias for each head and distance, added to the mask. */
  RELATIVE_BIAS {
    @Override
    String make(Exporter e, String mask, String x) {
      String table = e.weight("relative_attention_bias", 1, 8, Block.HEADS);
      String ones = e.op("Add", e.op("Mul", mask, e.whole(0)), e.whole(1));
      String first = e.squeeze(e.op("Slice", ones, e.longs(0), e.longs(1), e.longs(0)), 0);
      String at = e.op("CumSum", first, e.whole(0));
      String distance = e.op("Abs", e.op("Sub", e.unsqueeze(at, 0), e.unsqueeze(at, 1)));
      String bucket = e.op("Mod", distance, e.whole(8));
      String bias = e.unsqueeze(e.transpose(e.gather(table, bucket, 0), 2, 0, 1), 0);
      return e.op("Add", bias, subtracted(e, mask, Exporter.MIN));
    }
  };

  /** What goes into the attention; empty if nothing does. */
  abstract String make(Exporter e, String mask, String x);

  /** Whether it holds truth values that choose which scores are replaced. */
  boolean replaces() {
    return false;
  }

  /** Whether true means that a score stays. */
  boolean trueStays() {
    return false;
  }

  private static String whole(Exporter e, String x, long axis) {
    return e.op("Slice", x, e.longs(0), e.longs(Long.MAX_VALUE), e.longs(axis), e.longs(1));
  }

  private static String subtracted(Exporter e, String mask, float filter) {
    String four = e.unsqueeze(e.unsqueeze(mask, 1), 2);
    String hidden = e.op("Sub", e.number(1), e.cast(four, DataType.FLOAT32));
    return e.op("Mul", hidden, e.number(filter));
  }
}
