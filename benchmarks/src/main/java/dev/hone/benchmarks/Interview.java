package dev.hone.benchmarks;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Json;
import dev.hone.benchmarks.question.Question;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Asks a question in fresh processes. One that crashes, fails or hangs is told about and costs its
 * own answers, nothing else.
 */
final class Interview {
  private static final int PATIENCE = 4;
  private static final int GRACE_SECONDS = 180;

  private final Effort effort;
  private final Path folder;
  private final Consumer<String> progress;

  /**
   * Prepares.
   *
   * @param folder for answers and logs
   * @param progress told what is being measured
   */
  Interview(Effort effort, Path folder, Consumer<String> progress) {
    this.effort = effort;
    this.folder = folder;
    this.progress = progress;
  }

  /** Asks once and adds what is found, or why nothing was, to the answer. */
  void ask(Question question, int process, Answer answer) throws InterruptedException {
    String name = question.id() + "-" + process;
    Path file = folder.resolve(name + ".json");
    Path log = folder.resolve(name + ".log");
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(file);
      String end = run(question, file, log);
      if (Files.exists(file)) {
        answer.add(Json.read(file, Answer.class));
      } else {
        answer.missing("process " + process + " of “" + question.words() + "”", end);
      }
    } catch (IOException e) {
      answer.missing("process " + process + " of “" + question.words() + "”", e.toString());
    }
  }

  private String run(Question question, Path file, Path log)
      throws IOException, InterruptedException {
    Process process = start(question, file);
    Thread reader = new Thread(() -> read(process, log), "log of " + question.id());
    reader.start();
    long patience = (long) PATIENCE * question.seconds(effort) + GRACE_SECONDS;
    boolean ended = process.waitFor(patience, TimeUnit.SECONDS);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    reader.join();
    String how = ended ? "ended with code " + process.exitValue() : "took over " + patience + " s";
    return how + lastLine(log) + " Its log: " + log;
  }

  private Process start(Question question, Path file) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+AlwaysPreTouch", // a fresh heap costs a page fault for each page, an old one none
            "-Dai.djl.offline=true",
            "-DRUST_FLAVOR=cpu",
            "-Djava.awt.headless=true"));
    command.add("-DDJL_CACHE_DIR=" + folder.resolve("djl"));
    command.add("-Dbench.folder=" + folder);
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.addAll(
        List.of(
            QuestionProcess.class.getName(),
            question.id(),
            effort.name(),
            file.toAbsolutePath().toString()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.put("OPT_OUT_TRACKING", "true"); // DJL calls home otherwise
    return builder.start();
  }

  private void read(Process process, Path log) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        BufferedWriter out = Files.newBufferedWriter(log)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        out.write(line);
        out.newLine();
        out.flush();
        if (line.startsWith(Progress.MARK)) {
          progress.accept(line.substring(Progress.MARK.length()));
        }
      }
    } catch (IOException e) {
      progress.accept("(no log: " + e.getMessage() + ")");
      process.destroy(); // it would wait for ever to write
    }
  }

  private static String lastLine(Path log) {
    try {
      Optional<String> last =
          Files.readAllLines(log).stream()
              .filter(line -> line.startsWith("Exception") || line.startsWith("Caused by"))
              .reduce((first, second) -> second);
      return last.map(line -> "; it said: " + line).orElse("") + ".";
    } catch (IOException e) {
      return ".";
    }
  }
}
