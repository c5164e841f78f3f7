package dev.hone.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Lets a thread of the load generator run as soon as it wakes, though the processors are busy with
 * the server: it gets a real-time priority (sched(7), SCHED_FIFO), which Linux allows to root.
 * Otherwise a kernel lets others finish their slices of some milliseconds first. Threads that it
 * starts do not inherit it.
 */
final class Promptness {
  private Promptness() {}

  /** Runs the work in a thread of its own that has such a priority, where that can be had. */
  static void run(Runnable work) {
    Throwable[] failure = new Throwable[1];
    Thread thread =
        new Thread(
            () -> {
              boolean unused = raise(); // if not, it shows as late requests
              work.run();
            },
            "load-generator");
    thread.setUncaughtExceptionHandler((ended, e) -> failure[0] = e);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("Interrupted while load was generated.", e);
    }
    if (failure[0] != null) {
      throw new IllegalStateException("The load generator failed.", failure[0]);
    }
  }

  /** The same for work that has a result. */
  static <T> T call(Supplier<T> work) {
    AtomicReference<T> result = new AtomicReference<>();
    run(() -> result.set(work.get()));
    return Objects.requireNonNull(result.get());
  }

  /** Whether the current thread got it. */
  private static boolean raise() {
    try {
      Optional<String> task = task(Thread.currentThread().getName());
      if (task.isEmpty()) {
        return false;
      }
      Process chrt =
          new ProcessBuilder("chrt", "-f", "-R", "-p", "1", task.get())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return chrt.waitFor(5, TimeUnit.SECONDS) && chrt.exitValue() == 0;
    } catch (IOException e) {
      return false; // no chrt here: late runs are void, and said to be
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static Optional<String> task(String name) throws IOException {
    Path tasks = Path.of("/proc/self/task");
    if (!Files.isDirectory(tasks)) {
      return Optional.empty();
    }
    try (Stream<Path> all = Files.list(tasks)) {
      for (Path task : all.toList()) {
        if (Files.readString(task.resolve("comm")).strip().equals(name)) {
          return Optional.of(task.getFileName().toString());
        }
      }
    }
    return Optional.empty();
  }
}
