package dev.hone.onnx.cache;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Where the cache of a user lies, if nobody says otherwise. */
public final class CacheFolder {
  /** The system property that names the folder. */
  public static final String PROPERTY = "hone.cache";

  private CacheFolder() {}

  /**
   * The folder that the system property names, or else {@code hone} in the user's folder for
   * caches: {@code $XDG_CACHE_HOME} or {@code ~/.cache}, on macOS {@code ~/Library/Caches}, on
   * Windows {@code %LOCALAPPDATA%}. Source: XDG Base Directory Specification.
   */
  public static Path standard() {
    String named = System.getProperty(PROPERTY, "");
    return named.isEmpty()
        ? standard(
            System.getProperty("os.name", ""), System.getProperty("user.home", ""), System.getenv())
        : Path.of(named);
  }

  static Path standard(String system, String home, Map<String, String> environment) {
    String name = system.toLowerCase(Locale.ROOT);
    if (name.contains("windows")) {
      String local = environment.getOrDefault("LOCALAPPDATA", "");
      Path base = local.isEmpty() ? Path.of(home, "AppData", "Local") : Path.of(local);
      return base.resolve("hone").resolve("cache");
    }
    if (name.contains("mac")) {
      return Path.of(home, "Library", "Caches", "hone");
    }
    Path named = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
    // The specification says to ignore a folder that is not absolute.
    return (named.isAbsolute() ? named : Path.of(home, ".cache")).resolve("hone");
  }
}
