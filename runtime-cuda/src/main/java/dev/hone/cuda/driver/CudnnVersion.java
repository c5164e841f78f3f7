package dev.hone.cuda.driver;

import org.bytedeco.cuda.global.cudnn;

/** Which version of cuDNN the loader finds. */
public final class CudnnVersion {
  private CudnnVersion() {}

  /**
   * Asks cuDNN, in a few words. Loads CUDA's bindings and cuDNN itself, so it comes after {@link
   * DriverAnswer#ask}. A part of cuDNN that is missing is named; ONNX Runtime may do without it.
   */
  public static String ask() {
    try {
      return "cuDNN " + text(cudnn.cudnnGetVersion());
    } catch (LinkageError e) {
      return "cuDNN's version cannot be asked for: " + DriverAnswer.words(e);
    }
  }

  /** As cuDNN writes it from version 9 on: 91900 is 9.19.0. */
  static String text(long number) {
    return number / 10_000 + "." + number / 100 % 100 + "." + number % 100;
  }
}
