package dev.hone.onnx.reliability;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One small application, as its users build and start it: with modules and without. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ModulePathTest {
  private static final String MODULE_INFO =
      """
      module app {
        requires dev.hone.onnx;
      }
      """;

  private static final String APPLICATION =
      """
      package app;

      import dev.hone.Batch;
      import dev.hone.Session;
      import dev.hone.Tensor;
      import dev.hone.onnx.OnnxRuntime;
      import java.nio.file.Path;

      public final class App {
        public static void main(String[] arguments) {
          try (Session session = Session.open(Path.of(arguments[0]));
              Batch input = Batch.of("x", Tensor.of(row(), 1, 512), "w", Tensor.of(unit(), 512, 512));
              Batch output = session.run(input)) {
            System.out.println("named=" + App.class.getModule().isNamed());
            System.out.println("runtime named=" + OnnxRuntime.class.getModule().isNamed());
            System.out.println("fifth=" + output.get("y").toFloatArray()[4]);
          }
        }

        private static float[] row() {
          float[] row = new float[512];
          row[4] = 42;
          return row;
        }

        private static float[] unit() {
          float[] unit = new float[512 * 512];
          for (int i = 0; i < 512; i++) {
            unit[513 * i] = 1;
          }
          return unit;
        }
      }
      """;

  /** What the application needs to run. The annotations of JSpecify are for compilers only. */
  private static List<Path> dependencies() {
    return ChildJvm.classPath().stream().filter(ModulePathTest::isNeededToRun).toList();
  }

  private static List<Path> dependenciesToCompile() {
    return ChildJvm.classPath().stream()
        .filter(path -> isNeededToRun(path) || path.toString().contains("jspecify"))
        .toList();
  }

  private static boolean isNeededToRun(Path path) {
    String all = path.toString().replace('\\', '/');
    return all.contains("/org/bytedeco/")
        || all.endsWith("/target/classes")
        || all.matches(".*/hone-(core|runtime-onnx)-[^/]*(?<!-tests)\\.jar");
  }

  /** The modules of JavaCPP's native libraries are required by none, so the option is needed. */
  @Test
  void theApplicationRunsFromTheModulePath(@TempDir Path folder) throws Exception {
    Path classes = compile(folder, "--module-path", MODULE_INFO, APPLICATION);
    ChildJvm child =
        run(
            folder,
            "--module-path",
            classes,
            "--add-modules",
            "ALL-MODULE-PATH",
            "-m",
            "app/app.App");
    assertThat(child.verifySuccess().output())
        .containsSubsequence("named=true", "runtime named=true", "fifth=42.0");
  }

  @Test
  void withoutTheNativeModulesItIsToldWhichOptionIsMissing(@TempDir Path folder) throws Exception {
    Path classes = compile(folder, "--module-path", MODULE_INFO, APPLICATION);
    ChildJvm child = run(folder, "--module-path", classes, "-m", "app/app.App");
    assertThat(child.exitCode()).isEqualTo(1);
    assertThat(child.output())
        .contains("NativeLibraryException: ", "start with --add-modules ALL-MODULE-PATH");
  }

  @Test
  void theApplicationRunsFromTheClassPath(@TempDir Path folder) throws Exception {
    Path classes = compile(folder, "--class-path", APPLICATION);
    ChildJvm child = run(folder, "--class-path", classes, "app.App");
    assertThat(child.verifySuccess().output())
        .containsSubsequence("named=false", "runtime named=false", "fifth=42.0");
  }

  private static Path compile(Path folder, String pathOption, String... sources)
      throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Path classes = folder.resolve("classes");
    String dependencies = ChildJvm.join(dependenciesToCompile());
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
      List<Path> written = new ArrayList<>();
      for (String source : sources) {
        String name = source.startsWith("module") ? "module-info.java" : "App.java";
        written.add(Files.writeString(folder.resolve(name), source));
      }
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of(pathOption, dependencies, "-d", classes.toString()),
                  null,
                  files.getJavaFileObjectsFromPaths(written))
              .call();
      assertThat(compiled).as("compiles; the compiler says: %s", messages).isTrue();
    }
    return classes;
  }

  private static ChildJvm run(Path folder, String pathOption, Path classes, String... start)
      throws Exception {
    new Chain(2).data().write(folder.resolve("model.onnx"));
    List<Path> path = new ArrayList<>(dependencies());
    path.add(classes);
    List<String> arguments = new ArrayList<>(List.of(pathOption, ChildJvm.join(path)));
    arguments.addAll(List.of(start));
    arguments.add("model.onnx");
    return ChildJvm.run(folder, arguments);
  }
}
