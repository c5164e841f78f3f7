package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.Session;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/** Requests as fast as they are answered: how many a server answers in a second at most. */
final class Flood {
  private static final int UNDER_WAY = 64;

  private Flood() {}

  /** Answers in a second while 64 requests are under way, over so many requests. */
  static double perSecond(Session session, List<Batch> requests, int count)
      throws InterruptedException {
    return perSecond(Server.async(session), requests, count);
  }

  /** The same of a server. */
  static double perSecond(Server.Open server, List<Batch> requests, int count)
      throws InterruptedException {
    long start = System.nanoTime();
    Semaphore room = new Semaphore(UNDER_WAY);
    for (int i = 0; i < count; i++) {
      room.acquire();
      CompletableFuture<?> unused =
          server
              .send(requests.get(i % requests.size()))
              .whenComplete((answered, failure) -> room.release());
    }
    room.acquire(UNDER_WAY);
    return count * 1e9 / (System.nanoTime() - start);
  }
}
