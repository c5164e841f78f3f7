package dev.hone.onnx.fuzz;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link FuzzWorker} that is started again whenever it died or hung. For one thread. */
final class FuzzProcess implements AutoCloseable {
  /** What a mutant that ended its process is counted as. */
  static final String CRASH = "native crash";

  /** What a mutant that never ended is counted as. */
  static final String HANG = "hang";

  private static final int HANG_SECONDS = 60;
  private static final String GONE = "#gone";

  /** Native memory is bounded too, where the shell can: a mutant may ask for any size. */
  private static final String BOUNDED = "ulimit -v 8000000 2>/dev/null; exec \"$0\" \"$@\"";

  private final Path folder;
  private final Set<Subject> ready = EnumSet.noneOf(Subject.class);
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private Process process;
  private Writer seeds;

  FuzzProcess(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    process = start();
    seeds = process.outputWriter(StandardCharsets.UTF_8);
  }

  private Process start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    File errors = folder.resolve("errors.txt").toFile();
    Process started =
        new ProcessBuilder(
                "sh",
                "-c",
                BOUNDED,
                java,
                "-Xmx512m",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + folder.toAbsolutePath().resolve("crash-%p.log"),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                FuzzWorker.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.appendTo(errors))
            .start();
    Thread reader = new Thread(() -> read(started), "fuzz-reader");
    reader.setDaemon(true);
    reader.start();
    return started;
  }

  private void read(Process from) {
    try (BufferedReader in = from.inputReader(StandardCharsets.UTF_8)) {
      // A dying JVM writes lines of its own.
      in.lines()
          .filter(l -> l.startsWith(FuzzWorker.STAGE) || l.startsWith(FuzzWorker.END))
          .forEach(lines::add);
    } catch (IOException | RuntimeException e) {
      // The same as its end: the process is gone.
    }
    lines.add(GONE);
  }

  /** How the mutant of a seed, made from this subject, ended. */
  String run(long seed, Subject subject) throws IOException, InterruptedException {
    if (ready.add(subject)) {
      subject.bytes(folder); // a large one is written there: here, where no clock runs
    }
    try {
      seeds.write(seed + " " + subject + "\n");
      seeds.flush();
    } catch (IOException e) {
      int status = process.waitFor();
      restart();
      return CRASH + " after the mutant before it (status " + status + ")";
    }
    String stage = "idle";
    while (true) {
      String line = lines.poll(HANG_SECONDS, TimeUnit.SECONDS);
      if (line == null) {
        restart();
        return HANG + " while " + stage;
      }
      if (line.equals(GONE)) {
        int status = process.waitFor();
        restart();
        return CRASH + " while " + stage + " (status " + status + ")";
      }
      if (line.startsWith(FuzzWorker.END)) {
        return line.substring(FuzzWorker.END.length());
      }
      stage = line.substring(FuzzWorker.STAGE.length());
    }
  }

  private void restart() throws IOException, InterruptedException {
    boolean reported = !process.isAlive();
    process.destroyForcibly().waitFor();
    while (!reported) {
      reported = lines.take().equals(GONE);
    }
    lines.clear();
    process = start();
    seeds = process.outputWriter(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
