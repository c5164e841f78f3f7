package dev.hone.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cudart;
import org.jspecify.annotations.Nullable;

/**
 * What CUDA's runtime says when it is asked for GPUs.
 *
 * @param code CUDA's number for the error, 0 for success
 * @param devices how many GPUs this process may use; 0 where there is an error
 * @param library the file of the driver's library that answered
 * @param fault why the bindings cannot be loaded, so that nobody answered; empty if they are
 */
public record DriverAnswer(int code, int devices, String library, String fault) {
  private static final String DRIVER = "libcuda.so.1";

  // Java tells why a class cannot be initialized to the first who asks, and to nobody after.
  private static final AtomicReference<@Nullable DriverAnswer> FAULT = new AtomicReference<>();

  /** Of a driver that answered. */
  public DriverAnswer(int code, int devices, String library) {
    this(code, devices, library, "");
  }

  /**
   * Asks. Loads CUDA's bindings, its runtime and the driver's library, so it comes after looking at
   * files: what cannot be loaded once cannot be loaded later in the same process.
   */
  public static DriverAnswer ask() {
    DriverAnswer known = FAULT.get();
    return known == null ? askRuntime() : known;
  }

  private static DriverAnswer askRuntime() {
    int[] count = new int[1];
    try {
      int code = cudart.cudaGetDeviceCount(count);
      return new DriverAnswer(code, code == 0 ? count[0] : 0, mapped());
    } catch (LinkageError e) {
      DriverAnswer fault = new DriverAnswer(0, 0, DRIVER, words(e));
      DriverAnswer first = FAULT.compareAndExchange(null, fault);
      return first == null ? fault : first;
    }
  }

  /** The innermost cause names the fault; those around it name what it broke. */
  static String words(Throwable failure) {
    Throwable innermost = failure;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    String first = String.valueOf(innermost.getMessage()).lines().findFirst().orElse("").strip();
    return first.isEmpty() ? innermost.toString() : first;
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
