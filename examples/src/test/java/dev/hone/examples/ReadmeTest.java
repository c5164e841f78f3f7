package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the README shows is there and compiles, its program runs, and what the map names is there.
 */
class ReadmeTest {
  private static final Path ROOT = Path.of("..");

  @Test
  void theProgramRuns(@TempDir Path directory) throws Exception {
    Files.writeString(
        directory.resolve("QuickStart.java"), only("(?s)```java\n([^`]*class [^`]*)```"));
    writeModel(directory.resolve("model.onnx"));
    Path output = directory.resolve("output.txt");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(java, "-cp", classPath(), "QuickStart.java")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(Files.readString(output)).contains("[[-2.0, 16.0], [-2.0, 37.0]]");
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void theOtherSnippetsCompileOneAfterTheOther(@TempDir Path directory) throws Exception {
    List<String> snippets = all("(?s)```java\n([^`]*)```");
    snippets.removeIf(snippet -> snippet.contains("class "));
    assertThat(snippets).hasSizeGreaterThan(3);
    List<String> imports = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    snippets.forEach(
        snippet ->
            snippet
                .lines()
                .forEach(line -> (line.startsWith("import ") ? imports : lines).add(line)));
    Path program = directory.resolve("Snippets.java");
    Files.writeString(
        program,
        "import dev.hone.*;\nimport java.nio.file.Path;\nimport java.util.List;\n"
            + String.join("\n", imports)
            + "\nclass Snippets {\n  static void all(List<Batch> batches,"
            + " io.micrometer.core.instrument.MeterRegistry registry) {\n"
            + String.join("\n", lines)
            + "\n  }\n}\n");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                errors,
                "-d",
                directory.toString(),
                "-cp",
                classPath(),
                program.toString());
    assertThat(status).as(errors.toString(StandardCharsets.UTF_8)).isZero();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  @Test
  void everyExampleItNamesIsThere() throws IOException {
    List<String> names = all("\\| `(\\w+)` +\\|");
    names.addAll(all("-Dexample=([\\w.]+)"));
    assertThat(names).contains("SemanticSearch", "ReadText", "Tabular", "Quantize");
    for (String name : names) {
      String file = "dev/hone/examples/" + name.replace('.', '/') + ".java";
      assertThat(ROOT.resolve("examples/src/main/java").resolve(file)).exists();
    }
  }

  @Test
  void everyFileItLinksToIsThere() throws IOException {
    assertThat(all("\\]\\(([^)]+)\\)")).hasSizeGreaterThan(3).allSatisfy(this::exists);
  }

  @Test
  void everyClassThatTheArchitectureNamesIsThere() throws IOException {
    Set<String> classes = new HashSet<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path sources : modules.map(m -> m.resolve("src")).filter(Files::isDirectory).toList()) {
        classes.addAll(classesIn(sources));
      }
    }
    String map = Files.readString(ROOT.resolve("ARCHITECTURE.md"));
    assertThat(all(map, "`([A-Z]\\w+)[`.(]")).hasSizeGreaterThan(30).isSubsetOf(classes);
  }

  private static Set<String> classesIn(Path sources) throws IOException {
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".java"))
          .map(name -> name.substring(0, name.length() - ".java".length()))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void theVersionItNamesIsTheCurrentOne() throws IOException {
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    String dependency = only("(?s)<dependency>(.*?)</dependency>");
    Matcher version = Pattern.compile("<version>.*?</version>").matcher(dependency);
    assertThat(version.find()).isTrue();
    assertThat(pom).contains("<artifactId>hone-parent</artifactId>\n  " + version.group());
  }

  private void exists(String file) {
    assertThat(ROOT.resolve(file)).exists();
  }

  private static String only(String pattern) throws IOException {
    List<String> found = all(pattern);
    assertThat(found).as(pattern).hasSize(1);
    return found.get(0);
  }

  private static List<String> all(String pattern) throws IOException {
    return all(Files.readString(ROOT.resolve("README.md")), pattern);
  }

  private static List<String> all(String text, String pattern) {
    return new ArrayList<>(
        Pattern.compile(pattern)
            .matcher(text)
            .results()
            .map((MatchResult match) -> match.group(1))
            .toList());
  }

  /** y = x W, where x has three columns and y two. */
  private static void writeModel(Path path) {
    Graph graph = new Graph("tiny");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(3)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(2)));
    graph.putInitializer(TensorData.ofFloats("W", Shape.of(3, 2), 1, 1, 0, 3, -1, 3));
    graph.add(Node.of("MatMul", List.of("x", "W"), List.of("y")));
    ModelData.of(graph, 17).write(path);
  }
}
