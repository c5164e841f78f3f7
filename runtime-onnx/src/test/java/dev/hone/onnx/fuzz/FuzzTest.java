package dev.hone.onnx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Damaged models, each loaded, opened and run in a child process: all end in an answer or in an
 * exception of the documented kinds.
 *
 * <p>{@code -Dhone.fuzz.mutants} says how many, and {@code -Dhone.fuzz.seed} which is the first:
 * one mutant and its seed show a failure again. {@code -Dhone.fuzz.subject} makes all of them from
 * one {@link Subject}. The seeds of all that failed, and what the processes said, lie in {@code
 * target/fuzz}.
 */
class FuzzTest {
  private static final int PROCESSES = 2;
  private static final Path FOLDER = Path.of("target", "fuzz");
  private static final @Nullable String SUBJECT = System.getProperty("hone.fuzz.subject");

  private final Map<String, Integer> counts = new ConcurrentSkipListMap<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();

  @Test
  void everyDamagedModelEndsInAnAnswerOrAnException() throws Exception {
    long mutants = Long.getLong("hone.fuzz.mutants", 150);
    long first = Long.getLong("hone.fuzz.seed", 1);
    AtomicLong next = new AtomicLong(first);
    List<Callable<Integer>> lanes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      Path folder = FOLDER.resolve("process-" + i);
      lanes.add(() -> work(folder, next, first + mutants));
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
    Files.write(FOLDER.resolve("failures.txt"), failures);
    System.out.println("Fuzz: " + judged + " mutants from seed " + first + ": " + counts);
    assertThat(failures).isEmpty();
    assertThat(judged).isEqualTo(mutants);
    assertThat(counts).containsKeys("answer", "loading: ModelException");
  }

  private int work(Path folder, AtomicLong next, long end) throws Exception {
    int judged = 0;
    try (FuzzProcess process = new FuzzProcess(folder)) {
      for (long seed = next.getAndIncrement(); seed < end; seed = next.getAndIncrement()) {
        Subject subject = SUBJECT == null ? Subject.of(seed) : Subject.valueOf(SUBJECT);
        String how = process.run(seed, subject);
        counts.merge(how, 1, Integer::sum);
        judged++;
        boolean died = how.startsWith(FuzzProcess.CRASH) || how.startsWith(FuzzProcess.HANG);
        if (died || how.startsWith(FuzzWorker.FAULT)) {
          failures.add("seed " + seed + " (" + subject + "): " + how);
        }
      }
    }
    return judged;
  }
}
