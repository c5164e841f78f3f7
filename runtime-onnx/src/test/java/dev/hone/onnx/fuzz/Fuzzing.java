package dev.hone.onnx.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Damaged models, each loaded, opened and run in one of two child processes. */
public final class Fuzzing {
  private static final int PROCESSES = 2;

  private final Path folder;
  private final @Nullable String subject;
  private final Map<String, Integer> counts = new ConcurrentSkipListMap<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();

  /**
   * Prepares.
   *
   * @param folder for what the processes say, and the failures
   * @param subject what to damage; null for all in turn
   */
  public Fuzzing(Path folder, @Nullable String subject) {
    this.folder = folder;
    this.subject = subject;
  }

  /** Makes so many from seeds from the first one on, and tells how many were judged. */
  public long run(long mutants, long first)
      throws IOException, InterruptedException, ExecutionException {
    AtomicLong next = new AtomicLong(first);
    List<Callable<Integer>> lanes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      Path own = folder.resolve("process-" + i);
      lanes.add(() -> work(own, next, first + mutants));
    }
    ExecutorService threads = Executors.newFixedThreadPool(PROCESSES);
    long judged = 0;
    try {
      for (Future<Integer> lane : threads.invokeAll(lanes)) {
        judged += lane.get();
      }
    } finally {
      threads.shutdownNow();
    }
    Files.write(folder.resolve("failures.txt"), failures);
    System.out.println("Fuzz: " + judged + " mutants from seed " + first + ": " + counts);
    return judged;
  }

  private int work(Path own, AtomicLong next, long end) throws Exception {
    int judged = 0;
    try (FuzzProcess process = new FuzzProcess(own)) {
      for (long seed = next.getAndIncrement(); seed < end; seed = next.getAndIncrement()) {
        Subject one = subject == null ? Subject.of(seed) : Subject.valueOf(subject);
        String how = process.run(seed, one);
        counts.merge(how, 1, Integer::sum);
        judged++;
        boolean died = how.startsWith(FuzzProcess.CRASH) || how.startsWith(FuzzProcess.HANG);
        if (died || how.startsWith(FuzzWorker.FAULT)) {
          failures.add("seed " + seed + " (" + one + "): " + how);
        }
      }
    }
    return judged;
  }

  /** How they ended, and how many did so. */
  public Map<String, Integer> counts() {
    return counts;
  }

  /** Those that ended a process, hung, or threw what they should not. */
  public List<String> failures() {
    return List.copyOf(failures);
  }
}
