package dev.hone.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cudart;

/**
 * What CUDA's runtime says when it is asked for GPUs.
 *
 * @param code CUDA's number for the error, 0 for success
 * @param devices how many GPUs this process may use; 0 where there is an error
 * @param library the file of the driver's library that answered
 */
public record DriverAnswer(int code, int devices, String library) {
  private static final String DRIVER = "libcuda.so.1";

  /**
   * Asks. Loads CUDA's bindings, its runtime and the driver's library, so it comes after looking at
   * files: what cannot be loaded once cannot be loaded later in the same process.
   *
   * @return empty if the bindings cannot be loaded; ONNX Runtime can do without
   */
  public static Optional<DriverAnswer> ask() {
    int[] count = new int[1];
    try {
      int code = cudart.cudaGetDeviceCount(count);
      return Optional.of(new DriverAnswer(code, code == 0 ? count[0] : 0, mapped()));
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  private static String mapped() {
    try (Stream<String> files = Files.lines(Path.of("/proc/self/maps"))) {
      return files
          .filter(line -> line.contains("/libcuda.so"))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst()
          .orElse(DRIVER);
    } catch (IOException e) {
      return DRIVER;
    }
  }
}
