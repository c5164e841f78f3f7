package dev.hone.onnx.quantize;

import java.util.Arrays;

/**
 * How the integers of each channel of a value stand for numbers: {@code real = scale_c · (integer -
 * zeroPoint_c)}.
 *
 * @param scales one for each channel
 * @param zeroPoints one for each channel
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record ChannelAffine(float[] scales, int[] zeroPoints) {

  /** The best scale and zero point for each channel by itself. */
  static ChannelAffine asymmetric(ChannelRanges ranges) {
    float[] scales = new float[ranges.channels()];
    int[] zeroPoints = new int[scales.length];
    for (int c = 0; c < scales.length; c++) {
      Affine affine = Affine.asymmetric(ranges.min()[c], ranges.max()[c], Grid.UINT8);
      scales[c] = affine.scale();
      zeroPoints[c] = affine.zeroPoint();
    }
    return new ChannelAffine(scales, zeroPoints);
  }

  /** One scale and zero point for all channels. */
  static ChannelAffine uniform(ChannelRanges ranges) {
    ChannelRanges whole = ranges.forChannels(1);
    Affine affine = Affine.asymmetric(whole.min()[0], whole.max()[0], Grid.UINT8);
    float[] scales = new float[ranges.channels()];
    int[] zeroPoints = new int[scales.length];
    Arrays.fill(scales, affine.scale());
    Arrays.fill(zeroPoints, affine.zeroPoint());
    return new ChannelAffine(scales, zeroPoints);
  }

  /** Whether one scale and zero point stand for all channels. */
  boolean isUniform() {
    for (float scale : scales) {
      if (scale != scales[0]) {
        return false;
      }
    }
    return hasOneZeroPoint();
  }

  /** Whether all channels have one zero point, as what a kernel pads with must. */
  boolean hasOneZeroPoint() {
    for (int zeroPoint : zeroPoints) {
      if (zeroPoint != zeroPoints[0]) {
        return false;
      }
    }
    return true;
  }

  /** The zero point that the kernel works with: the one that all channels have, or 0. */
  int kernelZeroPoint() {
    return hasOneZeroPoint() ? zeroPoints[0] : 0;
  }
}
