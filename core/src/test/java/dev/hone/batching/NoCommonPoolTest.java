package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Some set the common pool's parallelism to zero, and then, before Java 25, it runs nothing. */
class NoCommonPoolTest {
  /** What runs in a Java of its own. */
  public static void main(String... args) throws Exception {
    ToySession toy = new ToySession();
    toy.fault = (in, options) -> LockSupport.parkNanos(100_000_000); // until somebody waits
    try (Batcher batcher = Batcher.over(toy, BatchPolicy.automatic(), ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {1})) {
      CompletableFuture<Void> answered = batcher.runAsync(in).thenAccept(Batch::close);
      answered.get(1, TimeUnit.MINUTES);
      batcher.runAsync(in).get(1, TimeUnit.MINUTES).close();
    }
    System.exit(0);
  }

  @Test
  void futuresAreCompletedAllTheSame() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=0",
                "-cp",
                System.getProperty("java.class.path"),
                NoCommonPoolTest.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
