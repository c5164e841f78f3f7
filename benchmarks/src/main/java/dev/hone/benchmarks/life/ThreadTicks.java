package dev.hone.benchmarks.life;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** How long each thread of this process has run, natives' own threads included. For Linux. */
final class ThreadTicks {
  private static final Path TASKS = Path.of("/proc/self/task");
  private static final int USER = 11; // after the name: field 14 of proc(5)
  private static final int SYSTEM = 12;

  private ThreadTicks() {}

  /** Clock ticks by thread id. */
  static Map<String, Long> now() throws IOException {
    Map<String, Long> ticks = new HashMap<>();
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
      for (Path task : tasks) {
        try {
          String stat = Files.readString(task.resolve("stat"));
          String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
          long sum = Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM]);
          ticks.put(task.getFileName().toString(), sum);
        } catch (NoSuchFileException e) {
          ticks.remove(task.getFileName().toString()); // it has just ended
        }
      }
    }
    return ticks;
  }

  /** How many threads had at least this share of all the time that passed on threads since. */
  static int busySince(Map<String, Long> before, double share) throws IOException {
    Map<String, Long> used = now();
    used.replaceAll((thread, ticks) -> ticks - before.getOrDefault(thread, 0L));
    long all = used.values().stream().mapToLong(ticks -> ticks).sum();
    return (int) used.values().stream().filter(ticks -> ticks >= share * all).count();
  }
}
