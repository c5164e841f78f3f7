package dev.hone.onnx.quantize;

import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;

/**
 * A matrix of bytes with the parameters that give them meaning.
 *
 * @param values the integers, row by row; their bits, where the grid is unsigned
 * @param columns the columns
 * @param granularity which values share a scale
 * @param scales one for each channel
 * @param zeroPoints one for each channel
 * @param grid the integers that may occur
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record QuantizedMatrix(
    byte[] values,
    int columns,
    Granularity granularity,
    float[] scales,
    byte[] zeroPoints,
    Grid grid) {

  static QuantizedMatrix of(
      byte[] values, int columns, Granularity granularity, Affine[] channels) {
    float[] scales = new float[channels.length];
    byte[] zeroPoints = new byte[channels.length];
    for (int c = 0; c < channels.length; c++) {
      scales[c] = channels[c].scale();
      zeroPoints[c] = (byte) channels[c].zeroPoint();
    }
    return new QuantizedMatrix(
        values, columns, granularity, scales, zeroPoints, channels[0].grid());
  }

  /** The rows. */
  public int rows() {
    return values.length / columns;
  }

  /** What the integers stand for, row by row. */
  public float[] dequantize() {
    float[] weights = new float[values.length];
    for (int i = 0; i < weights.length; i++) {
      int channel = ChannelQuantizer.channel(i, columns, granularity);
      weights[i] = scales[channel] * (integer(values[i]) - integer(zeroPoints[channel]));
    }
    return weights;
  }

  private int integer(byte bits) {
    return grid.min() < 0 ? bits : bits & 0xff;
  }
}
