package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTest {
  private final Cancellation cancellation = new Cancellation();
  private final AtomicInteger told = new AtomicInteger();

  @Test
  void everyListenerIsToldOnceAndOneThatComesLateAtOnce() {
    cancellation.onCancel(told::incrementAndGet);
    assertThat(cancellation.isCancelled()).isFalse();
    cancellation.cancel();
    cancellation.cancel();
    assertThat(told).hasValue(1);
    cancellation.onCancel(told::incrementAndGet);
    assertThat(told).hasValue(2);
    assertThat(cancellation.isCancelled()).isTrue();
  }

  @Test
  void aListenerThatEndedIsNotTold() {
    cancellation.onCancel(told::incrementAndGet).close();
    cancellation.cancel();
    assertThat(told).hasValue(0);
  }

  @Test
  void endingOneListeningTwiceDoesNotEndAnother() {
    Runnable shared = told::incrementAndGet;
    Cancellation.Registration first = cancellation.onCancel(shared);
    cancellation.onCancel(shared);
    first.close();
    first.close();
    cancellation.cancel();
    assertThat(told).hasValue(1);
  }
}
