package dev.hone.benchmarks.endtoend;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** Sums up, over all callers, what the parts of their calls take. Safe to share between threads. */
final class Laps {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** A part of a call, in the order in which they come. */
  enum Part {
    TOKENIZER("the tokenizer"),
    INPUTS("tensors made of the tokens"),
    SESSION("the session"),
    VECTOR("the vector: mean over the tokens");

    private final String words;

    Part(String words) {
      this.words = words;
    }

    /** What a reader calls it. */
    String words() {
      return words;
    }
  }

  private final Map<Part, LongAdder> wallNanos = adders();
  private final Map<Part, LongAdder> ownNanos = adders();

  private static Map<Part, LongAdder> adders() {
    Map<Part, LongAdder> adders = new EnumMap<>(Part.class);
    Arrays.stream(Part.values()).forEach(part -> adders.put(part, new LongAdder()));
    return adders;
  }

  private static LongAdder of(Map<Part, LongAdder> adders, Part part) {
    return Objects.requireNonNull(adders.get(part));
  }

  /** What a part took all callers together, by the clock. */
  double wallNanos(Part part) {
    return of(wallNanos, part).sum();
  }

  /** What it took their own threads in processor time. */
  double ownNanos(Part part) {
    return of(ownNanos, part).sum();
  }

  /** A call of one thread begins. */
  Lap begin() {
    return new Lap();
  }

  /** A call under way. */
  final class Lap {
    private long wall = System.nanoTime();
    private long own = THREADS.getCurrentThreadCpuTime();

    private Lap() {}

    /** The part ends, and the next one begins. */
    void end(Part part) {
      long wallNow = System.nanoTime();
      long ownNow = THREADS.getCurrentThreadCpuTime();
      of(wallNanos, part).add(wallNow - wall);
      of(ownNanos, part).add(ownNow - own);
      wall = wallNow;
      own = ownNow;
    }
  }
}
