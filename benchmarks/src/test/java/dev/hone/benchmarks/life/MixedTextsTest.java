package dev.hone.benchmarks.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Tensor;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class MixedTextsTest {
  private static final long PATIENCE_MILLIS = 60_000;

  private final Set<Thread> callers = ConcurrentHashMap.newKeySet();

  private Session session(Supplier<Batch> run) {
    return (Session)
        Proxy.newProxyInstance(
            Session.class.getClassLoader(),
            new Class<?>[] {Session.class},
            (proxy, method, arguments) -> {
              callers.add(Thread.currentThread());
              TimeUnit.MILLISECONDS.sleep(1);
              return run.get();
            });
  }

  private static Batch answer() {
    return Batch.of("y", Tensor.of(new float[1]));
  }

  private void assertThatNoCallerGoesOn() throws InterruptedException {
    assertThat(callers).isNotEmpty();
    for (Thread caller : callers) {
      caller.join(PATIENCE_MILLIS);
      assertThat(caller.isAlive()).isFalse();
    }
  }

  @Test
  void callersStopWhenTheMemoryCannotBeRead() throws Exception {
    assertThatThrownBy(
            () ->
                MixedTexts.run(
                    session(MixedTextsTest::answer),
                    1,
                    () -> {
                      throw new IllegalStateException("no reading");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no reading");
    assertThatNoCallerGoesOn();
  }

  @Test
  void aRunThatFailsEndsItBeforeItsTime() throws Exception {
    AtomicInteger readings = new AtomicInteger();
    Session failing =
        session(
            () -> {
              throw new IllegalStateException("no run");
            });
    assertThatThrownBy(() -> MixedTexts.run(failing, 10, readings::incrementAndGet))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("no run");
    assertThat(readings).hasValueLessThan(20); // all there are in ten seconds
    assertThatNoCallerGoesOn();
  }
}
