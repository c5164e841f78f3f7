package dev.hone.cuda.probe;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A machine to be looked at.
 *
 * @param os its operating system, as Java names it
 * @param arch its processor, as Java names it
 * @param files its files
 * @param environment its environment variables
 * @param classPath gives the place of a resource on the class path, or null
 * @param unpacked where JavaCPP keeps what it unpacked from jars
 */
public record Machine(
    String os,
    String arch,
    HostFiles files,
    Map<String, String> environment,
    Function<String, @Nullable URL> classPath,
    Path unpacked) {
  private static final List<String> PROVIDERS =
      List.of(
          "org/bytedeco/onnxruntime/linux-x86_64-gpu/libonnxruntime_providers_cuda.so",
          "org/bytedeco/onnxruntime/linux-x86_64/libonnxruntime_providers_cuda.so");
  private static final Pattern IN_JAR = Pattern.compile("([^/]+\\.jar)!/");

  /** Copies the environment. */
  public Machine {
    environment = Map.copyOf(environment);
  }

  /** The one that this process runs on. */
  public static Machine here() {
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    return new Machine(
        System.getProperty("os.name", ""),
        System.getProperty("os.arch", ""),
        new HostFiles(Path.of("/")),
        System.getenv(),
        Machine.class.getClassLoader()::getResource,
        cache != null
            ? Path.of(cache)
            : Path.of(System.getProperty("user.home", "/"), ".javacpp", "cache"));
  }

  /** Whether this is the kind of machine that the GPU path is made for. */
  public boolean isSupported() {
    return os.equals("Linux") && (arch.equals("amd64") || arch.equals("x86_64"));
  }

  /** Whether the jar with CUDA's provider of ONNX Runtime is on the class path. */
  public boolean hasProvider() {
    return providers().findAny().isPresent();
  }

  private Stream<URL> providers() {
    return PROVIDERS.stream().map(classPath).filter(Objects::nonNull);
  }

  /** Whether JavaCPP finds one of CUDA's libraries, or of its own for CUDA, on the class path. */
  public boolean hasLibrary(String soname) {
    return classPath.apply("org/bytedeco/cuda/linux-x86_64/" + soname) != null;
  }

  /** The provider as a file: where JavaCPP unpacks it, if it ever did. */
  public Optional<Path> providerFile() {
    return providers().map(this::unpackedFile).flatMap(Optional::stream).findFirst();
  }

  /** JavaCPP names the folder after the jar, and keeps the path within. */
  private Optional<Path> unpackedFile(URL resource) {
    Matcher jar = IN_JAR.matcher(resource.toString());
    if (!jar.find()) {
      return Optional.empty();
    }
    Path file = unpacked.resolve(jar.group(1)).resolve(resource.toString().substring(jar.end()));
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }
}
