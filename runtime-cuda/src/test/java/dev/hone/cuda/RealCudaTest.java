package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.cuda.device.CudaApi;
import dev.hone.cuda.device.DeviceProperties;
import dev.hone.cuda.driver.RealCuda;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every method of the way to CUDA reaches CUDA's real runtime, which says that there is no driver:
 * so the bindings load, and no call ends the process.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RealCudaTest {
  private static final String NATIVES = "/org/bytedeco/cuda/linux-x86_64/";

  /** What the bindings take from the driver itself. */
  private static final String DRIVER =
      """
      int cuInit(unsigned flags) { return 100; }
      int cuDeviceGet(int *device, int ordinal) { return 100; }
      int cuDeviceGetName(char *name, int length, int device) { return 100; }
      int cuModuleLoadData(void **module, const void *image) { return 100; }
      int cuModuleUnload(void *module) { return 100; }
      int cuModuleGetFunction(void **function, void *module, const char *name) { return 100; }
      int cuLaunchKernel(void *f, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e,
                         unsigned g, unsigned h, void *s, void **p, void **x) { return 100; }
      """;

  @Test
  void everyMethodAnswersWithAnErrorWhereThereIsNoDriver(@TempDir Path folder) throws Exception {
    assumeTrue(
        getClass().getResource(NATIVES + "libjnicudart.so") != null,
        "CUDA's bindings are on the class path with -Pgpu or -Pcuda-redist only");
    assumeTrue(
        getClass().getResource(NATIVES + "libcudart.so.13") != null
            || Files.exists(Path.of("/usr/local/cuda/lib64/libcudart.so.13")),
        "libcudart.so.13 is neither on the class path nor in /usr/local/cuda/lib64");
    SmallLibrary.compile(folder, "libcuda.so.1", DRIVER);
    ChildJvm child =
        ChildJvm.run(
            folder,
            Map.of("LD_LIBRARY_PATH", folder.toString()),
            ChildJvm.classPath(),
            List.of(),
            Calling.class);
    assertThat(child.value("malloc")).isEqualTo("35");
    for (Method method : CudaApi.class.getMethods()) {
      assertThat(Integer.parseInt(child.value(method.getName()))).as(method.getName()).isPositive();
    }
  }

  /** What the child runs: all methods, found by reflection so that none is forgotten. */
  static final class Calling {
    private Calling() {}

    public static void main(String... args) throws ReflectiveOperationException {
      CudaApi cuda = new RealCuda(0);
      for (Method method : CudaApi.class.getMethods()) {
        Class<?>[] types = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
          arguments[i] = argument(types[i]);
        }
        System.out.println(method.getName() + "=" + method.invoke(cuda, arguments));
      }
    }

    private static Object argument(Class<?> type) {
      if (type == long.class) {
        return 4096L;
      }
      if (type == int.class) {
        return 1;
      }
      if (type == String.class) {
        return "kernel";
      }
      if (type == String[].class) {
        return new String[1];
      }
      if (type == byte[].class) {
        return new byte[64];
      }
      return type == DeviceProperties[].class ? new DeviceProperties[1] : new long[2];
    }
  }
}
