package dev.hone.examples.monitoring;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Callers that ask one text after the other, and what became of each request. */
final class Load implements AutoCloseable {
  private static final List<String> TEXTS =
      List.of(
          "Bread rises because yeast makes bubbles of gas in the dough.",
          "Octopuses have three hearts.",
          "tides",
          "The best camera is the one you have with you, and the second best is the one that you"
              + " would have had with you if only you had thought of it before you left the house.",
          "Where do swallows go in winter, and how do they find their way?");

  private final Http http;
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final Map<Integer, Integer> statuses = new TreeMap<>();
  private volatile boolean stopping;

  Load(Http http) {
    this.http = http;
  }

  /** Adds callers. */
  void add(int count) {
    for (int i = 0; i < count; i++) {
      Random random = new Random(i);
      callers.execute(
          () -> {
            while (!stopping) {
              count(ask(TEXTS.get(random.nextInt(TEXTS.size()))));
            }
          });
    }
  }

  private int ask(String text) {
    try {
      return http.post("/embed", text).statusCode();
    } catch (IOException e) {
      return 0; // the connection broke
    }
  }

  private synchronized void count(int status) {
    statuses.merge(status, 1, Integer::sum);
  }

  /** How many requests ended with each HTTP status; 0 where the connection broke. */
  synchronized Map<Integer, Integer> statuses() {
    return Map.copyOf(statuses);
  }

  /** Sends nothing new and waits for what is under way. */
  @Override
  public void close() {
    stopping = true;
    callers.shutdown();
    try {
      if (!callers.awaitTermination(60, TimeUnit.SECONDS)) {
        throw new AssertionError("Callers still wait for an answer.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
