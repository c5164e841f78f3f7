package dev.hone.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** The versions of what runs, as their jars tell them. */
final class Versions {
  private static final Map<String, String> JARS =
      Map.of(
          "ONNX Runtime (native, for all rivals)", "org.bytedeco/onnxruntime",
          "JavaCPP", "org.bytedeco/javacpp",
          "JMH", "org.openjdk.jmh/jmh-core",
          "langchain4j", "dev.langchain4j/langchain4j-embeddings");

  private Versions() {}

  /** Name and version of each. */
  static Map<String, String> running() {
    Map<String, String> versions = new TreeMap<>();
    JARS.forEach((name, jar) -> versions.put(name, version(jar)));
    return versions;
  }

  private static String version(String jar) {
    String resource = "/META-INF/maven/" + jar + "/pom.properties";
    try (InputStream in = Versions.class.getResourceAsStream(resource)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
