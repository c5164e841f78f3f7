package dev.hone;

/**
 * The numbers a model computes with. A <em>request</em>: a session says by {@link
 * Session#precision} what it really got, and by {@link Session#report} why. What cannot be had, or
 * would only be slower, is refused with the reason; nothing is slower in silence.
 *
 * <p>A file that is quantized already is recognized and runs as it is, whatever was asked for; so
 * is one in FP16 where FP16 is asked for, and on a GPU where FP32 is.
 *
 * <table>
 * <caption>What a precision means for an ONNX model</caption>
 * <tr><th></th><th>x86 with VNNI</th><th>x86 without</th><th>ARM64</th><th>CUDA</th></tr>
 * <tr><td>{@link #FP32}</td>
 *     <td colspan="4">the model as it is</td></tr>
 * <tr><td>{@link #FP16}</td>
 *     <td colspan="3">half the file, computed in FP32: no slower, no faster, no less memory. The
 *     session says {@code FP32}</td>
 *     <td>products and what lies between them in FP16, inputs and outputs as they were; compared
 *     with FP32 on the processor when it is made, and on the GPU at each opening</td></tr>
 * <tr><td>{@link #BF16}</td>
 *     <td colspan="2">refused: no kernel of the CPU computes with it, so it would be slower</td>
 *     <td>products of matrices in BF16 where the processor has the {@code bf16} feature, the file
 *     as it is; otherwise refused</td>
 *     <td>refused</td></tr>
 * <tr><td>{@link #INT8} with calibration</td>
 *     <td>weights and activations in 8 bits with scales that are fixed; a row's answer does not
 *     depend on its batch. A quarter of the file</td>
 *     <td>the same, with the session entry {@code session.x64quantprecision}: exact like VNNI, which
 *     costs about a seventh of the speed; without it sums of products would saturate</td>
 *     <td>as with VNNI</td>
 *     <td rowspan="2">refused: ONNX Runtime's provider has no kernels for it, so it would be
 *     slower</td></tr>
 * <tr><td>{@link #INT8} without</td>
 *     <td colspan="3">matrix products with a scale for each batch, taken when it comes; convolutions
 *     stay in FP32, for they would be slower. A row's answer depends a little on its batch</td></tr>
 * <tr><td>{@link #INT4}</td>
 *     <td colspan="3">weights in 4 bits in blocks, activations as floats: a fifth to an eighth of the
 *     file, about the speed of FP32</td>
 *     <td>refused</td></tr>
 * </table>
 *
 * <p>Whatever comes out of {@code FP16}, {@code INT8} and {@code INT4} is compared with the
 * original before it is used, and refused if it is too far from it.
 */
public enum Precision {
  /** Single-precision floats: the model as it is. */
  FP32,
  /** Half-precision floats. */
  FP16,
  /** The upper half of single-precision floats. */
  BF16,
  /** Integers of 8 bits for weights and, where it pays, activations. */
  INT8,
  /** Weights of 4 bits. */
  INT4
}
